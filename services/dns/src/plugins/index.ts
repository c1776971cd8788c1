import type { Plugin } from "../plugin.ts";
import { acl } from "./acl.ts";
import { any } from "./any.ts";
import { autopath } from "./autopath.ts";
import { bind } from "./bind.ts";
import { bufsize } from "./bufsize.ts";
import { cache } from "./cache/index.ts";
import { cancel } from "./cancel.ts";
import { chaos } from "./chaos.ts";
import { debug } from "./debug.ts";
import { dns64 } from "./dns64/index.ts";
import { erratic } from "./erratic.ts";
import { errors } from "./errors.ts";
import { file } from "./file/index.ts";
import { forward } from "./forward/index.ts";
import { header } from "./header.ts";
import { health } from "./health.ts";
import { hosts } from "./hosts/index.ts";
import { kubernetes } from "./kubernetes/index.ts";
import { loadbalance } from "./loadbalance/index.ts";
import { log } from "./log/index.ts";
import { loop } from "./loop.ts";
import { metadata } from "./metadata.ts";
import { minimal } from "./minimal.ts";
import { multisocket } from "./multisocket.ts";
import { nsid } from "./nsid.ts";
import { prometheus } from "./prometheus.ts";
import { ready } from "./ready.ts";
import { reload } from "./reload.ts";
import { rewrite } from "./rewrite/index.ts";
import { root } from "./root.ts";
import { template } from "./template/index.ts";
import { timeouts } from "./timeouts.ts";
import { tls } from "./tls.ts";
import { transfer } from "./transfer.ts";
import { view } from "./view/index.ts";
import { whoami } from "./whoami.ts";

/**
 * Every plugin, in the order in which queries pass them: CoreDNS' plugin.cfg. The order of the
 * directives in a Corefile does not matter.
 */
export const plugins: readonly Plugin[] = [
  root,
  metadata,
  cancel,
  timeouts,
  multisocket,
  reload,
  nsid,
  bufsize,
  bind,
  debug,
  ready,
  health,
  prometheus,
  errors,
  log,
  dns64,
  any,
  chaos,
  loadbalance,
  rewrite,
  autopath,
  acl,
  cache,
  header,
  tls,
  minimal,
  template,
  transfer,
  hosts,
  kubernetes,
  file,
  loop,
  forward,
  erratic,
  whoami,
  view,
];
