import type { UserInfo } from "../auth/user.ts";
import type { ResourceRequest } from "./request-info.ts";

/** What is known of a request before it is handled. */
export interface RequestContext {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined for paths that are no resource's. */
  readonly resource: ResourceRequest | undefined;
  readonly user: UserInfo;
  /** Unix time in ms when it came. */
  readonly now: number;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the first hook of every request. */
    context: RequestContext;
  }
}
