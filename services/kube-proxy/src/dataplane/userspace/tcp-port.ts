import { acceptsFlows, type Frontend } from "@kubehop/routing";
import { createBinding } from "../../binding.ts";
import type { FrontendPort } from "./frontend-port.ts";
import type { TcpContext } from "./tcp-record.ts";

/**
 * Serves a TCP frontend. It listens only while some client could be forwarded: otherwise the
 * kernel refuses clients (ECONNREFUSED), as REJECT would. A frontend of the policy Local without
 * endpoints on this node refuses as well: a userspace process cannot drop a handshake.
 */
export function createTcpPort(frontend: Frontend, context: TcpContext): FrontendPort {
  const { logger, settings, stats } = context;
  let current = frontend;
  const binding = createBinding({
    frontend: frontend.key,
    retryMs: settings.bindRetryMs,
    logger,
    onFailure: (problem, repeated) => {
      stats.bindFailures += 1;
      if (!repeated) context.onUnbound(current, problem);
    },
    bind: () => context.engine.serveTcp(() => current, context),
  });
  return {
    update(next) {
      current = next;
      return binding.want(acceptsFlows(next));
    },
    close: () => binding.want(false),
    problem: () => binding.problem(),
  };
}
