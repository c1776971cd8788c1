import type { Plugin } from "../plugin.ts";
import { bind } from "./bind.ts";
import { cache } from "./cache/index.ts";
import { errors } from "./errors.ts";
import { forward } from "./forward/index.ts";
import { health } from "./health.ts";
import { hosts } from "./hosts/index.ts";
import { kubernetes } from "./kubernetes/index.ts";
import { loadbalance } from "./loadbalance.ts";
import { log } from "./log/index.ts";
import { loop } from "./loop.ts";
import { prometheus } from "./prometheus.ts";
import { ready } from "./ready.ts";
import { reload } from "./reload.ts";
import { whoami } from "./whoami.ts";

/**
 * Every plugin, in the order in which queries pass them: CoreDNS' plugin.cfg. The order of the
 * directives in a Corefile does not matter.
 */
export const plugins: readonly Plugin[] = [
  reload,
  bind,
  ready,
  health,
  prometheus,
  errors,
  log,
  loadbalance,
  cache,
  hosts,
  kubernetes,
  loop,
  forward,
  whoami,
];
