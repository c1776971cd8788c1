import {
  badRequest,
  internalError,
  notFound,
  type Pod,
  resourceNotFound,
  StatusError,
} from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Authenticator, protocolsWithoutToken } from "../auth/authenticate.ts";
import { accessOf } from "../auth/attributes.ts";
import type { Authorizer } from "../auth/authorize.ts";
import { impersonatedUser } from "../auth/impersonate.ts";
import { parseResourceRequest, type ResourceRequest } from "../http/request-info.ts";
import {
  kubeletError,
  type KubeletCredentials,
  locateContainer,
  requestKubelet,
} from "../kubelet/kubelet.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf } from "../resources/target.ts";

/** What upgraded requests need. */
export interface ExecDeps {
  readonly authenticate: Authenticator;
  readonly authorizer: Authorizer;
  readonly resources: Pick<Resources, "cache" | "kinds" | "store">;
  readonly kubelet: KubeletCredentials;
  readonly logger: Logger;
}

/** Handles Node's `upgrade` event of a server. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Headers of the WebSocket handshake, which the kubelet must see as the client sent them. */
const HANDSHAKE = [
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-extensions",
] as const;

/**
 * Serves exec: a WebSocket upgrade is passed to the pod's kubelet, and from then on every byte in
 * both directions (subprotocol v5.channel.k8s.io, KEP-4006). Any other upgrade is refused.
 */
export function createUpgradeHandler(deps: ExecDeps): UpgradeHandler {
  return (request, socket, head) => {
    socket.on("error", (error) => deps.logger.debug({ err: error }, "upgraded connection broke"));
    tunnel(deps, request, { socket, head }).catch((error: unknown) => {
      if (!(error instanceof StatusError)) deps.logger.error({ err: error }, "upgrade failed");
      refuse(socket, error instanceof StatusError ? error : internalError(String(error)));
    });
  };
}

interface ClientEnd {
  readonly socket: Duplex;
  /** Bytes the client sent right after its request. */
  readonly head: Buffer;
}

async function tunnel(deps: ExecDeps, request: IncomingMessage, client: ClientEnd): Promise<void> {
  const user = impersonatedUser(deps.authorizer, await deps.authenticate(request), request);
  const url = new URL(request.url ?? "/", "https://apiserver");
  const resource = parseResourceRequest(request.method ?? "", url.pathname, url.searchParams);
  deps.authorizer.authorize(user, accessOf(request.method ?? "", url.pathname, resource));
  if (resource === undefined) throw resourceNotFound();
  const pod = await podOf(deps.resources, resource);
  if (request.method !== "GET" || request.headers.upgrade?.toLowerCase() !== "websocket") {
    throw badRequest(
      "exec is served over WebSocket only (subprotocol v5.channel.k8s.io); " +
        "this client asked for another protocol",
    );
  }
  const container = url.searchParams.get("container") ?? undefined;
  const address = locateContainer(deps.resources.cache, pod, container);
  const path = `/exec/${address.path}${url.search}`;
  const { host, port } = address;
  const headers = handshakeOf(request.headers);
  const upstream = requestKubelet(deps.kubelet, { host, port, path }, { method: "GET", headers });
  client.socket.once("close", () => upstream.destroy());
  await new Promise<void>((resolve, reject) => {
    upstream.once("error", (error) => reject(kubeletError(address, path, error)));
    upstream.once("response", (answer) => {
      answer.resume();
      const status = `the kubelet answered ${answer.statusCode ?? 0} instead of upgrading`;
      reject(kubeletError(address, path, new Error(status)));
    });
    upstream.once("upgrade", (answer, socket, head) => {
      join(client, { socket, head, answer });
      resolve();
    });
    upstream.end();
  });
}

async function podOf(
  { kinds, store }: ExecDeps["resources"],
  resource: ResourceRequest,
): Promise<Pod> {
  const { group, version, plural, subresource, namespace, name } = resource;
  const kind = kinds.byPlural(group, version, plural);
  const isExec = plural === "pods" && subresource === "exec";
  if (kind === undefined || !isExec || namespace === undefined || name === undefined) {
    throw badRequest("this path can't be upgraded; only pods/NAME/exec can");
  }
  const entry = await store.find(keyOf({ kind, namespace }, name));
  if (entry === undefined) throw notFound(kind, name);
  return entry.object as unknown as Pod;
}

function handshakeOf(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = { connection: "Upgrade", upgrade: "websocket" };
  for (const name of HANDSHAKE) {
    const value = headers[name];
    if (value !== undefined) passed[name] = value;
  }
  const protocols = headers["sec-websocket-protocol"];
  if (protocols !== undefined) passed["sec-websocket-protocol"] = protocolsWithoutToken(protocols);
  return passed;
}

interface KubeletEnd extends ClientEnd {
  readonly answer: IncomingMessage;
}

function join(client: ClientEnd, kubelet: KubeletEnd): void {
  const { rawHeaders } = kubelet.answer;
  const lines = ["HTTP/1.1 101 Switching Protocols"];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    lines.push(`${rawHeaders[at] ?? ""}: ${rawHeaders[at + 1] ?? ""}`);
  }
  client.socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  client.socket.write(kubelet.head);
  kubelet.socket.write(client.head);
  kubelet.socket.on("error", () => client.socket.destroy());
  kubelet.socket.once("close", () => client.socket.destroy());
  client.socket.once("close", () => kubelet.socket.destroy());
  client.socket.pipe(kubelet.socket).pipe(client.socket);
}

function refuse(socket: Duplex, { status, code }: StatusError): void {
  const body = JSON.stringify(status);
  const head = [
    `HTTP/1.1 ${code} ${status.reason ?? "Error"}`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    `Audit-Id: ${randomUUID()}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
