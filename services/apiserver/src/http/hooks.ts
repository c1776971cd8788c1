import type { Clock } from "@kubehop/kit";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { Authenticator } from "../auth/authenticate.ts";
import { accessOf } from "../auth/attributes.ts";
import type { Authorizer } from "../auth/authorize.ts";
import { impersonatedUser } from "../auth/impersonate.ts";
import { ANONYMOUS } from "../auth/user.ts";
import type { ApiServerMetrics, RequestLabels } from "../metrics.ts";
import type { RequestContext } from "./context.ts";
import { parseResourceRequest, type ResourceRequest, splitTarget } from "./request-info.ts";
import { requestLabels } from "./request-labels.ts";

/** What every request passes. */
export interface HookDeps {
  readonly authenticate: Authenticator;
  readonly authorizer: Authorizer;
  readonly metrics: ApiServerMetrics;
  readonly clock: Clock;
  /** Whether a resource is one of this server's: metrics must not grow by what clients make up. */
  readonly isServed: (resource: ResourceRequest) => boolean;
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal;
}

/** Verbs whose answers last. */
const STREAMS = new Set(["WATCH", "CONNECT"]);

/** Adds what happens around every request: who sends it, may he, headers, metrics. */
export function addHooks(app: FastifyInstance, deps: HookDeps): void {
  const finish = new WeakMap<FastifyRequest, () => void>();
  app.decorateRequest("context", null as unknown as RequestContext);
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers({ "audit-id": randomUUID(), "cache-control": "no-cache, private" });
    // The next request is to come over another connection, which may lead to another server.
    if (deps.stopping.aborted) void reply.header("connection", "close");
    const context = contextOf(request, deps.clock.now());
    request.context = context;
    finish.set(request, countStart(deps, request));
    const sender = await deps.authenticate(request.raw);
    const user = impersonatedUser(deps.authorizer, sender, request.raw);
    request.context = { ...context, user };
    const { path, resource, query } = context;
    deps.authorizer.authorize(user, accessOf(request.method, path, resource, query));
  });
  app.addHook("onResponse", (request, reply, done) => {
    finish.get(request)?.();
    countEnd(deps, request, reply);
    done();
  });
}

function contextOf(request: FastifyRequest, now: number): RequestContext {
  const { path, query } = splitTarget(request.raw.url ?? "/");
  const resource = parseResourceRequest(request.method, path, query);
  return { path, query, resource, user: ANONYMOUS, now };
}

function countStart({ metrics, isServed }: HookDeps, request: FastifyRequest): () => void {
  const labels = labelsOf(request, isServed);
  if (STREAMS.has(labels.verb)) return metrics.streamStarted(labels);
  return metrics.requestStarted(request.method !== "GET" && request.method !== "HEAD");
}

function countEnd(
  { metrics, isServed }: HookDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  metrics.requestDone(labelsOf(request, isServed), {
    code: reply.statusCode,
    seconds: reply.elapsedTime / 1_000,
    bytes: Number(reply.getHeader("content-length") ?? 0),
  });
}

function labelsOf(request: FastifyRequest, isServed: HookDeps["isServed"]): RequestLabels {
  const { resource, query } = request.context;
  const known = resource !== undefined && isServed(resource) ? resource : undefined;
  return requestLabels(request.method, known, query);
}
