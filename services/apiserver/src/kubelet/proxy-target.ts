import {
  badRequest,
  type EndpointSlice,
  Kinds,
  type Node,
  notFound,
  type Pod,
  registryKey,
  registryPrefix,
  SERVICE_NAME_LABEL,
  serviceUnavailable,
  type Service,
  statusError,
} from "@kubehop/api";
import type { Random } from "@kubehop/kit";
import { BlockList, isIP } from "node:net";
import type { ObjectStore } from "../resources/object-store.ts";
import type { WatchCache } from "../watch/cache.ts";
import { nodeEndpoint } from "./kubelet.ts";

/** Where a proxied request goes. */
export interface ProxyTarget {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** It is a kubelet: the API server shows its own certificate, and checks the kubelet's. */
  readonly isKubelet: boolean;
}

/** The object a proxy request names: `[scheme:]name[:port]`. */
export interface ProxyRequest {
  readonly plural: string;
  readonly namespace?: string;
  readonly name: string;
}

/** What finding targets needs. */
export interface TargetDeps {
  readonly cache: WatchCache;
  readonly store: Pick<ObjectStore, "find">;
  readonly random: Random;
}

/**
 * Finds the address behind nodes, pods or services (source: registry/core, ResourceLocation).
 * Throws 400 for a malformed name or an address that must not be reached, 404, 503.
 */
export async function locateProxyTarget(
  deps: TargetDeps,
  request: ProxyRequest,
): Promise<ProxyTarget> {
  const { plural, namespace = "" } = request;
  const asked = splitName(request.name);
  if (asked === undefined) {
    const singular = plural.replace(/s$/, "");
    throw badRequest(`invalid ${singular} request ${JSON.stringify(request.name)}`);
  }
  switch (plural) {
    case "nodes":
      return nodeTarget(deps, asked);
    case "pods":
      return podTarget(deps, namespace, asked);
    default:
      return serviceTarget(deps, namespace, asked);
  }
}

/** The parts of `[scheme:]name[:port]`. */
interface Asked {
  readonly scheme: "" | "http" | "https";
  readonly name: string;
  readonly port: string;
}

/** Reads a name as upstream's SplitSchemeNamePort does; undefined when it is none. */
export function splitName(text: string): Asked | undefined {
  const match = /^(?:(?<scheme>https?|):)?(?<name>[^:]+)(?::(?<port>[^:]*))?$/.exec(text);
  if (match === null) return undefined;
  const { scheme = "", name = "", port = "" } = match.groups ?? {};
  return { scheme: scheme as Asked["scheme"], name, port };
}

async function nodeTarget(deps: TargetDeps, { scheme, name, port }: Asked): Promise<ProxyTarget> {
  const entry = await deps.store.find(registryKey(Kinds.Node, { name }));
  if (entry === undefined) throw notFound(Kinds.Node, name);
  const kubelet = nodeEndpoint(entry.object as unknown as Node);
  if (port === "" || port === String(kubelet.port)) {
    return { scheme: "https", ...kubelet, isKubelet: true };
  }
  return reachable(scheme, kubelet.host, portNumber(port));
}

async function podTarget(deps: TargetDeps, namespace: string, asked: Asked): Promise<ProxyTarget> {
  const entry = await deps.store.find(registryKey(Kinds.Pod, { namespace, name: asked.name }));
  if (entry === undefined) throw notFound(Kinds.Pod, asked.name);
  const { spec, status } = entry.object as unknown as Pod;
  const first = spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const port = asked.port === "" ? (first ?? defaultPort(asked.scheme)) : portNumber(asked.port);
  return reachable(asked.scheme, status?.podIP ?? "", port);
}

async function serviceTarget(
  deps: TargetDeps,
  namespace: string,
  { scheme, name, port }: Asked,
): Promise<ProxyTarget> {
  const entry = await deps.store.find(registryKey(Kinds.Service, { namespace, name }));
  if (entry === undefined) throw notFound(Kinds.Service, name);
  const portName = portNameOf(entry.object as unknown as Service, port);
  const endpoints = readyEndpoints(deps.cache, { namespace, name }, portName);
  const chosen = endpoints[Math.floor(deps.random() * endpoints.length)];
  if (chosen === undefined) {
    throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  }
  return reachable(scheme, chosen.host, chosen.port);
}

/** Endpoints know a Service's port by its name; a number stands for that of the port. */
function portNameOf({ metadata, spec }: Service, port: string): string {
  if (!/^\d+$/.test(port)) return port;
  const found = (spec.ports ?? []).find((one) => one.port === Number(port));
  if (found !== undefined) return found.name ?? "";
  const name = JSON.stringify(metadata.name);
  throw serviceUnavailable(`no service port ${port} found for service ${name}`);
}

function readyEndpoints(
  cache: WatchCache,
  service: { readonly namespace: string; readonly name: string },
  portName: string,
): { readonly host: string; readonly port: number }[] {
  const prefix = registryPrefix(Kinds.EndpointSlice, service.namespace).slice(0, -1);
  return cache
    .list(prefix)
    .entries.map(({ object }) => object as unknown as EndpointSlice)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === service.name)
    .flatMap(({ endpoints, ports = [] }) => {
      const port = ports.find((one) => (one.name ?? "") === portName)?.port;
      if (port === undefined) return [];
      return endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ addresses }) => ({ host: addresses[0] ?? "", port }));
    });
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw badRequest(`invalid port ${JSON.stringify(text)}`);
}

function defaultPort(scheme: Asked["scheme"]): number {
  return scheme === "https" ? 443 : 80;
}

/** Addresses that are the API server's own or its neighbours' (apimachinery/pkg/util/proxy). */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet("127.0.0.0", 8, "ipv4");
FORBIDDEN.addSubnet("169.254.0.0", 16, "ipv4");
FORBIDDEN.addSubnet("224.0.0.0", 24, "ipv4");
FORBIDDEN.addAddress("0.0.0.0", "ipv4");
FORBIDDEN.addAddress("::", "ipv6");
FORBIDDEN.addAddress("::1", "ipv6");
FORBIDDEN.addSubnet("fe80::", 10, "ipv6");
FORBIDDEN.addSubnet("ff01::", 16, "ipv6");
FORBIDDEN.addSubnet("ff02::", 16, "ipv6");

function reachable(scheme: Asked["scheme"], host: string, port: number): ProxyTarget {
  const family = isIP(host);
  if (family === 0 || FORBIDDEN.check(host, family === 4 ? "ipv4" : "ipv6")) {
    throw statusError(400, "BadRequest", "address not allowed");
  }
  return { scheme: scheme === "" ? "http" : scheme, host, port, isKubelet: false };
}
