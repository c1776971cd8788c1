import { serviceUnavailable, type StatusError } from "@kubehop/api";
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from "node:http";
import { request as httpsRequest } from "node:https";
import type { KubeletCredentials } from "./kubelet.ts";
import type { ProxyTarget } from "./proxy-target.ts";

/** Headers that concern one hop alone (RFC 9110 §7.6.1), and what the API server was told alone. */
const DROPPED =
  /^(?:connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|te|trailer|transfer-encoding|upgrade|authorization|impersonate-.*|host|http2-settings)$/;

/** What a backend is asked. */
export interface BackendRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** How long a backend may take to begin its answer, ms. */
const ANSWER_DEADLINE_MS = 60_000;

/** Begins a request to a pod, a service's endpoint or a kubelet. */
export function requestBackend(
  credentials: KubeletCredentials,
  { scheme, host, port, isKubelet }: ProxyTarget,
  { method, path, headers }: BackendRequest,
): ClientRequest {
  // Upstream, too, takes any certificate of a pod: nobody could have signed for its address.
  const tls = isKubelet ? credentials : { rejectUnauthorized: false };
  const request =
    scheme === "https"
      ? httpsRequest({ ...tls, host, port, method, path, headers, agent: false })
      : httpRequest({ host, port, method, path, headers, agent: false });
  request.setTimeout(ANSWER_DEADLINE_MS, () => {
    request.destroy(new Error(`no answer within ${ANSWER_DEADLINE_MS / 1_000} s`));
  });
  return request;
}

/** The headers of a request that concern the backend. */
export function passedHeaders(
  request: Pick<IncomingMessage, "headers" | "socket">,
): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = {};
  const listed = (request.headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  for (const [name, value] of Object.entries(request.headers)) {
    if (!DROPPED.test(name) && !listed.includes(name)) passed[name] = value;
  }
  const before = request.headers["x-forwarded-for"];
  const address = request.socket.remoteAddress ?? "";
  passed["x-forwarded-for"] = before === undefined ? address : `${String(before)}, ${address}`;
  return passed;
}

/** The headers of an answer that concern the client. */
export function answeredHeaders({
  headers,
}: Pick<IncomingMessage, "headers">): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !DROPPED.test(name)));
}

/** 503 for a backend that can't be reached, in upstream's words. */
export function backendError({ host, port }: ProxyTarget, cause: Error): StatusError {
  const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return serviceUnavailable(`error trying to reach service: dial tcp ${address}: ${cause.message}`);
}
