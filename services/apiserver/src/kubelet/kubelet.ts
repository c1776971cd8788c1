import {
  badRequest,
  internalError,
  Kinds,
  type Node,
  type Pod,
  registryKey,
  type StatusError,
} from "@kubehop/api";
import { type ClientRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { WatchCache } from "../watch/cache.ts";

/** How the API server shows itself to kubelets, PEM. */
export interface KubeletCredentials {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A container, or a pod, on the kubelet that runs it. */
export interface ContainerAddress {
  readonly host: string;
  readonly port: number;
  /** `NAMESPACE/POD/CONTAINER` or `NAMESPACE/POD`, as kubelet paths have it. */
  readonly path: string;
}

const DEFAULT_PORT = 10_250;
/** How long a kubelet may take to begin its answer, ms. */
const ANSWER_DEADLINE_MS = 30_000;

/**
 * Finds the kubelet of a pod and the container meant. Throws 400 when the container is unknown or
 * the pod not yet on a node, 500 when the node has no address.
 */
export function locateContainer(
  cache: WatchCache,
  pod: Pod,
  container: string | undefined,
): ContainerAddress {
  const chosen = containerOf(pod, container ?? "");
  const address = locatePod(cache, pod);
  return { ...address, path: `${address.path}/${encodeURIComponent(chosen)}` };
}

/** Finds the kubelet of a pod: the path is `NAMESPACE/POD`. Throws as locateContainer does. */
export function locatePod(cache: WatchCache, { metadata, spec }: Pod): ContainerAddress {
  const { name, namespace = "" } = metadata;
  const { nodeName = "" } = spec;
  if (nodeName === "") throw badRequest(`pod ${name} does not have a host assigned`);
  const path = [namespace, name].map(encodeURIComponent).join("/");
  return { ...endpointOf(cache, nodeName), path };
}

/** Begins a request to a kubelet, with the API server's certificate. */
export function requestKubelet(
  credentials: KubeletCredentials,
  target: { readonly host: string; readonly port: number; readonly path: string },
  options: { readonly method: string; readonly headers: IncomingHttpHeaders },
): ClientRequest {
  const { host, port, path } = target;
  const { method, headers } = options;
  const request = httpsRequest({ ...credentials, host, port, path, method, headers, agent: false });
  request.setTimeout(ANSWER_DEADLINE_MS, () => {
    request.destroy(new Error(`no answer within ${ANSWER_DEADLINE_MS / 1_000} s`));
  });
  return request;
}

/** 500 for a kubelet that can't be reached, in upstream's words. */
export function kubeletError(address: ContainerAddress, path: string, cause: Error): StatusError {
  const url = `https://${address.host}:${address.port}${path}`;
  return internalError(`error dialing backend: ${url}: ${cause.message}`, { cause });
}

function endpointOf(cache: WatchCache, nodeName: string): { host: string; port: number } {
  const entry = cache.get(registryKey(Kinds.Node, { name: nodeName }));
  if (entry === undefined) throw noAddress(nodeName);
  return nodeEndpoint(entry.object as unknown as Node);
}

/** Where the kubelet of a node listens; throws 500 when the node has no address. */
export function nodeEndpoint({ metadata, status }: Node): { host: string; port: number } {
  const host = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  if (host === undefined) throw noAddress(metadata.name);
  return { host, port: status?.daemonEndpoints?.kubeletEndpoint?.Port ?? DEFAULT_PORT };
}

function containerOf({ metadata, spec }: Pod, asked: string): string {
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name);
  if (asked !== "") {
    if (names.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${metadata.name}`);
  }
  const [only] = containers;
  if (only !== undefined && containers.length === 1) return only.name;
  const choice = names.join(" ");
  throw badRequest(
    `a container name must be specified for pod ${metadata.name}, choose one of: [${choice}]`,
  );
}

function noAddress(nodeName: string): StatusError {
  return internalError(
    `no preferred addresses found for node ${JSON.stringify(nodeName)}; known addresses: []`,
  );
}
