import type { FastifyReply, FastifyRequest } from "fastify";
import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import type { ResourceRequest } from "../http/request-info.ts";
import {
  answeredHeaders,
  backendError,
  passedHeaders,
  requestBackend,
} from "../kubelet/backend.ts";
import type { KubeletCredentials } from "../kubelet/kubelet.ts";
import { type ProxiedPage, rewriteHtml, rewriteLink } from "../kubelet/link-rewriting.ts";
import { locateProxyTarget, type ProxyTarget, type TargetDeps } from "../kubelet/proxy-target.ts";

/** What the proxy subresource needs. */
export interface ProxyDeps extends TargetDeps {
  readonly kubelet: KubeletCredentials;
}

/** A request for what is behind a node, a pod or a service. */
type Proxied = ResourceRequest & { readonly name: string };

const PROXIED = new Set(["nodes", "pods", "services"]);

/** Whether a request is for the subresource proxy of something that has it. */
export function isProxied(resource: ResourceRequest): resource is Proxied {
  const { group, plural, name, subresource } = resource;
  return subresource === "proxy" && name !== undefined && group === "" && PROXIED.has(plural);
}

/** Largest page of HTML whose links are rewritten, bytes; larger ones pass as they are. */
const PAGE_LIMIT = 4_194_304;

/**
 * Passes a request for nodes/NAME/proxy, pods/NAME/proxy or services/NAME/proxy on and its answer
 * back, both as streams (source: apimachinery/pkg/util/proxy/upgradeaware.go). Throws 400, 404 or
 * 503 before the first byte of an answer.
 */
export async function proxyRequest(
  deps: ProxyDeps,
  resource: Proxied,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const place = placeOf(resource, request);
  if (place === undefined) return reply.redirect(withSlash(request.raw.url ?? "/"), 301);
  const target = await locateProxyTarget(deps, resource);
  const headers = headersFor(request, place.prefix);
  const backend = requestBackend(deps.kubelet, target, {
    method: request.method,
    path: place.path,
    headers,
  });
  reply.raw.once("close", () => backend.destroy());
  request.raw.on("error", () => backend.destroy());
  request.raw.pipe(backend);
  const answer = await answerOf(backend, target);
  const page = { backend: hostOf(target), prefix: place.prefix };
  const sent = reply.getHeaders();
  reply.hijack();
  await answerClient(reply, { answer, page, sent });
  return reply;
}

/** Where a proxied request goes at its backend, and where that is at the API server. */
export interface ProxyPlace {
  readonly path: string;
  readonly prefix: string;
}

/** Splits the URL of a proxied request; undefined when not even a slash follows `proxy`. */
export function placeOf(
  { subpath }: ResourceRequest,
  { raw }: { readonly raw: Pick<IncomingMessage, "url"> },
): ProxyPlace | undefined {
  if (subpath === undefined) return undefined;
  const url = raw.url ?? "/";
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  const prefix = path.slice(0, path.length - subpath.length);
  return { path: `${subpath}${mark === -1 ? "" : url.slice(mark)}`, prefix };
}

function withSlash(url: string): string {
  const mark = url.indexOf("?");
  return mark === -1 ? `${url}/` : `${url.slice(0, mark)}/${url.slice(mark)}`;
}

function headersFor(request: FastifyRequest, prefix: string): IncomingHttpHeaders {
  const headers = passedHeaders(request.raw);
  // A page is rewritten on its way: it must come uncompressed.
  if (headers.accept?.includes("text/html") === true) delete headers["accept-encoding"];
  return {
    ...headers,
    "x-forwarded-uri": prefix,
    "x-forwarded-host": request.headers.host ?? "",
    "x-forwarded-proto": "https",
  };
}

async function answerOf(
  backend: ReturnType<typeof requestBackend>,
  target: ProxyTarget,
): Promise<IncomingMessage> {
  try {
    const [answer] = (await once(backend, "response")) as [IncomingMessage];
    // From now on the backend may take its time: it may stream.
    backend.setTimeout(0);
    return answer;
  } catch (error) {
    throw backendError(target, error as Error);
  }
}

interface Answered {
  readonly answer: IncomingMessage;
  readonly page: ProxiedPage;
  /** Headers the API server adds. */
  readonly sent: ReturnType<FastifyReply["getHeaders"]>;
}

async function answerClient(reply: FastifyReply, { answer, page, sent }: Answered): Promise<void> {
  const { raw } = reply;
  const headers = answeredHeaders(answer);
  if (headers.location !== undefined) headers.location = rewriteLink(headers.location, page);
  const html = isPage(headers) ? await textOf(answer) : undefined;
  const body = html === undefined ? undefined : Buffer.from(rewriteHtml(html, page));
  if (body !== undefined) headers["content-length"] = String(body.length);
  const own = sent["audit-id"];
  if (own !== undefined) raw.setHeader("audit-id", own);
  raw.writeHead(answer.statusCode ?? 502, headers);
  if (body !== undefined) {
    raw.end(body);
    return;
  }
  await pipeline(answer, raw).catch(() => {
    // Whoever is left has been told by the end of the stream.
  });
}

function isPage(headers: IncomingHttpHeaders): boolean {
  const isHtml = headers["content-type"]?.startsWith("text/html") === true;
  const size = Number(headers["content-length"] ?? Number.NaN);
  return isHtml && headers["content-encoding"] === undefined && size <= PAGE_LIMIT;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function hostOf({ host, port }: ProxyTarget): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
