import { badRequest, notFound, type Pod } from "@kubehop/api";
import type { IncomingHttpHeaders } from "node:http";
import { protocolsWithoutToken } from "../auth/authenticate.ts";
import type { ResourceRequest } from "../http/request-info.ts";
import {
  type ContainerAddress,
  kubeletError,
  type KubeletCredentials,
  locateContainer,
  locatePod,
  requestKubelet,
} from "../kubelet/kubelet.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf } from "../resources/target.ts";
import { tunnel } from "./tunnel.ts";
import type { Upgrade } from "./watch-socket.ts";

/** What streams to pods need. */
export interface PodStreamDeps {
  readonly resources: Pick<Resources, "cache" | "kinds" | "store">;
  readonly kubelet: KubeletCredentials;
}

/** Kubelet's paths of the subresources. */
const ACTIONS: Readonly<Record<string, string>> = {
  attach: "attach",
  exec: "exec",
  portforward: "portForward",
};

/** Headers of the handshakes, which the kubelet must see as the client sent them. */
const HANDSHAKE = [
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
  "x-stream-protocol-version",
] as const;

/** Protocols that kubelets speak; kubectl falls back to the second when the first is refused. */
const UPGRADES = new Set(["websocket", "spdy/3.1"]);

/** Whether a request is for a stream to a pod. */
export function isPodStream({ group, plural, subresource = "" }: ResourceRequest): boolean {
  return group === "" && plural === "pods" && subresource in ACTIONS;
}

/**
 * Passes attach, exec and portforward to the pod's kubelet, which speaks v5.channel.k8s.io,
 * v4.channel.k8s.io or SPDY/3.1+portforward.k8s.io over WebSocket (KEP-4006), and SPDY/3.1. A
 * kubelet's refusal goes to the client as it is. Throws 400, 404 or 500.
 */
export async function streamToPod(
  deps: PodStreamDeps,
  resource: ResourceRequest,
  upgrade: Upgrade,
): Promise<void> {
  const { subresource = "" } = resource;
  const { request } = upgrade;
  const pod = await podOf(deps.resources, resource);
  const { method = "GET" } = request;
  if (!UPGRADES.has(request.headers.upgrade?.toLowerCase() ?? "")) {
    throw badRequest(`${subresource} is served over WebSocket and SPDY/3.1 only`);
  }
  const url = new URL(request.url ?? "/", "https://apiserver");
  const address = addressOf(deps, subresource, { pod, query: url.searchParams });
  const { host, port } = address;
  const path = `/${ACTIONS[subresource] ?? subresource}/${address.path}${url.search}`;
  const headers = handshakeOf(request.headers);
  const kubelet = requestKubelet(deps.kubelet, { host, port, path }, { method, headers });
  try {
    await tunnel(upgrade, kubelet);
    // From now on the connection may be quiet for as long as its user thinks.
    kubelet.setTimeout(0);
  } catch (error) {
    throw kubeletError(address, path, error as Error);
  }
}

function addressOf(
  { resources: { cache } }: PodStreamDeps,
  subresource: string,
  { pod, query }: { readonly pod: Pod; readonly query: URLSearchParams },
): ContainerAddress {
  if (subresource === "portforward") return locatePod(cache, pod);
  return locateContainer(cache, pod, query.get("container") ?? undefined);
}

async function podOf(
  { kinds, store }: PodStreamDeps["resources"],
  { group, version, plural, namespace, name }: ResourceRequest,
): Promise<Pod> {
  const kind = kinds.byPlural(group, version, plural);
  if (kind === undefined || namespace === undefined || name === undefined) {
    throw badRequest("this path can't be upgraded");
  }
  const entry = await store.find(keyOf({ kind, namespace }, name));
  if (entry === undefined) throw notFound(kind, name);
  return entry.object as unknown as Pod;
}

function handshakeOf(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: Record<string, string | string[]> = { connection: "Upgrade" };
  for (const name of HANDSHAKE) {
    const value = headers[name];
    if (value !== undefined) passed[name] = value;
  }
  const protocols = headers["sec-websocket-protocol"];
  if (protocols !== undefined) passed["sec-websocket-protocol"] = protocolsWithoutToken(protocols);
  return passed;
}
