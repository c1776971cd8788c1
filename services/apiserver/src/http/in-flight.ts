import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { MASTERS } from "../auth/user.ts";
import type { RequestContext } from "./context.ts";

/** How many requests are answered at a time; 0 is no limit. */
export interface InFlightLimits {
  /** Requests that change nothing. */
  readonly readOnly: number;
  readonly mutating: number;
}

/** Verbs and methods that change nothing. */
const READS = new Set(["get", "list", "watch", "GET", "HEAD"]);

/** Subresources whose answers last as long as the client wants, as watches do. */
const LASTING = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/**
 * Answers 429 with Retry-After to requests beyond the limits instead of taking ever longer over all
 * (source: apiserver/pkg/server/filters/maxinflight.go). Watches and other lasting requests don't
 * count; members of system:masters are always answered. Add it after the hooks that authenticate.
 */
export function addInFlightLimits(app: FastifyInstance, limits: InFlightLimits): void {
  const gates = {
    readOnly: createGate(limits.readOnly),
    mutating: createGate(limits.mutating),
  };
  const leave = new WeakMap<FastifyRequest, () => void>();
  app.addHook("onRequest", async (request, reply) => {
    const { context, method } = request;
    if (isLasting(context)) return;
    const verb = context.resource?.verb ?? method;
    const gate = READS.has(verb) ? gates.readOnly : gates.mutating;
    if (gate.enter()) leave.set(request, () => gate.leave());
    else if (!context.user.groups.includes(MASTERS)) await refuse(reply);
  });
  app.addHook("onResponse", (request, _reply, done) => {
    leave.get(request)?.();
    done();
  });
}

interface Gate {
  /** Whether there is room for one more. */
  enter(): boolean;
  leave(): void;
}

function createGate(limit: number): Gate {
  let inside = 0;
  return {
    enter() {
      if (limit > 0 && inside >= limit) return false;
      inside += 1;
      return true;
    },
    leave() {
      inside -= 1;
    },
  };
}

function isLasting({ resource }: RequestContext): boolean {
  if (resource === undefined) return false;
  const { verb, subresource = "", group, plural } = resource;
  if (verb === "watch" || LASTING.has(subresource)) return true;
  return group === "kubehop.dev" && plural === "hops";
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply
    .code(429)
    .headers({ "retry-after": "1", "content-type": "text/plain; charset=utf-8" })
    .send("Too many requests, please try again later.\n");
}
