import { badRequest, internalError, resourceNotFound, StatusError } from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Authenticator, protocolsWithoutToken } from "../auth/authenticate.ts";
import { accessOf } from "../auth/attributes.ts";
import type { Authorizer } from "../auth/authorize.ts";
import { impersonatedUser } from "../auth/impersonate.ts";
import { parseResourceRequest, type ResourceRequest, splitTarget } from "../http/request-info.ts";
import { requestLabels } from "../http/request-labels.ts";
import { backendError, passedHeaders, requestBackend } from "../kubelet/backend.ts";
import { locateProxyTarget } from "../kubelet/proxy-target.ts";
import type { Resources } from "../resources/resources.ts";
import { viewOf } from "./call.ts";
import { isPodStream, type PodStreamDeps, streamToPod } from "./pod-streams.ts";
import { isProxied, placeOf } from "./proxy.ts";
import { answerAndEnd, tunnel } from "./tunnel.ts";
import { isServed } from "./subresources.ts";
import type { WatchDeps } from "./watch.ts";
import { createWatchSockets, type Upgrade, type WatchSockets } from "./watch-socket.ts";

/** What upgraded requests need. */
export interface UpgradeDeps extends PodStreamDeps {
  readonly authenticate: Authenticator;
  readonly authorizer: Authorizer;
  readonly resources: Pick<Resources, "cache" | "kinds" | "random" | "store">;
  readonly watch: WatchDeps;
  readonly logger: Logger;
}

/** Handles Node's `upgrade` event of a server. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Serves requests that ask for another protocol: streams to pods, watches over WebSocket, whatever
 * a proxied backend speaks. Any other upgrade is refused with a Status.
 */
export function createUpgradeHandler(deps: UpgradeDeps): UpgradeHandler {
  const watches = createWatchSockets(deps.watch);
  return (request, socket, head) => {
    socket.on("error", (error) => deps.logger.debug({ err: error }, "upgraded connection broke"));
    serve(deps, watches, { request, socket, head }).catch((error: unknown) => {
      if (!(error instanceof StatusError)) deps.logger.error({ err: error }, "upgrade failed");
      const { code, status } = error instanceof StatusError ? error : internalError(String(error));
      const body = JSON.stringify(status);
      answerAndEnd(socket, code, { contentType: "application/json", body });
    });
  };
}

async function serve(deps: UpgradeDeps, watches: WatchSockets, upgrade: Upgrade): Promise<void> {
  const { request } = upgrade;
  const { method = "" } = request;
  const user = impersonatedUser(deps.authorizer, await deps.authenticate(request), request);
  const { path, query } = splitTarget(request.url ?? "/");
  const resource = parseResourceRequest(method, path, query);
  deps.authorizer.authorize(user, accessOf(method, path, resource, query));
  if (resource === undefined) throw resourceNotFound();
  const known = isServed(deps.resources.kinds, resource) ? resource : undefined;
  const labels = requestLabels(method, known, query);
  upgrade.socket.once("close", deps.watch.metrics.streamStarted(labels));
  if (isPodStream(resource)) return streamToPod(deps, resource, upgrade);
  if (resource.subresource === "proxy") return proxyUpgrade(deps, resource, upgrade);
  if (resource.verb === "watch") return watchUpgrade(deps, watches, { resource, query, upgrade });
  throw badRequest("this path can't be upgraded");
}

async function proxyUpgrade(
  deps: UpgradeDeps,
  resource: ResourceRequest,
  upgrade: Upgrade,
): Promise<void> {
  const { request } = upgrade;
  const place = placeOf(resource, { raw: request });
  if (place === undefined || !isProxied(resource)) throw resourceNotFound();
  const target = await locateProxyTarget(deps.resources, resource);
  const { method = "GET", headers } = request;
  const asked = { connection: "Upgrade", upgrade: headers.upgrade ?? "" };
  const passed = { ...passedHeaders(request), ...asked };
  const protocols = headers["sec-websocket-protocol"];
  if (protocols !== undefined) passed["sec-websocket-protocol"] = protocolsWithoutToken(protocols);
  const backend = requestBackend(deps.kubelet, target, {
    method,
    path: place.path,
    headers: passed,
  });
  try {
    await tunnel(upgrade, backend);
    backend.setTimeout(0);
  } catch (error) {
    throw backendError(target, error as Error);
  }
}

interface WatchUpgrade {
  readonly resource: ResourceRequest;
  readonly query: URLSearchParams;
  readonly upgrade: Upgrade;
}

async function watchUpgrade(
  { resources, watch }: UpgradeDeps,
  watches: WatchSockets,
  { resource, query, upgrade }: WatchUpgrade,
): Promise<void> {
  const { group, version, plural, namespace } = resource;
  const kind = resources.kinds.byPlural(group, version, plural);
  if (kind === undefined) throw resourceNotFound();
  const { request } = upgrade;
  const view = viewOf({ request, query, now: watch.now() });
  const watched = { kind, query, view, ...(namespace !== undefined && { namespace }) };
  await watches.serve(upgrade, watched);
}
