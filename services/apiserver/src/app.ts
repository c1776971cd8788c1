import type { Bus } from "@kubehop/client";
import { addHealthRoute, type Checks, type Clock, type Kit, type Logger } from "@kubehop/kit";
import { fastify, type FastifyInstance } from "fastify";
import type { Authenticator, TokenAuthenticator } from "./auth/authenticate.ts";
import type { Authorizer } from "./auth/authorize.ts";
import type { Write } from "./auth/rbac/escalation.ts";
import type { ServiceAccountTokens } from "./auth/service-account-tokens.ts";
import { BODY_LIMIT } from "./http/body-limits.ts";
import { addErrorHandlers, answerFrameworkError } from "./http/errors.ts";
import { addHooks } from "./http/hooks.ts";
import { addInFlightLimits, type InFlightLimits } from "./http/in-flight.ts";
import type { ResourceRequest } from "./http/request-info.ts";
import type { KubeletCredentials } from "./kubelet/kubelet.ts";
import type { Resources } from "./resources/resources.ts";
import { addDiscoveryRoutes } from "./routes/discovery.ts";
import { addHopRoute } from "./routes/hops.ts";
import { addOpenApiRoutes } from "./routes/openapi.ts";
import { addResourceRoutes } from "./routes/resources.ts";
import { addReviewRoutes } from "./routes/reviews.ts";
import type { StreamSet } from "./routes/streams.ts";
import { isServed } from "./routes/subresources.ts";
import type { WatchDeps } from "./routes/watch.ts";
import { VERSION } from "./version.ts";

/** What the API is built over. */
export interface AppDeps {
  readonly resources: Resources;
  readonly authenticate: Authenticator;
  readonly authenticateToken: TokenAuthenticator;
  readonly authorizer: Authorizer;
  /** Throws 403 when a write would give away what the writer does not have. */
  readonly admit: (write: Write) => void;
  readonly tokens: ServiceAccountTokens;
  readonly kubelet: KubeletCredentials;
  readonly bus: Bus;
  readonly streams: StreamSet;
  readonly metrics: Kit["metrics"];
  readonly watch: WatchDeps;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `ip:port` at which the cluster reaches this server. */
  readonly advertised: string;
  readonly limits: InFlightLimits;
  /** Aborts when the server begins to stop. */
  readonly stopping: AbortSignal;
  readonly live: Checks;
  readonly ready: Checks;
}

/** Builds the API as a Fastify application that does not listen yet. */
export function build(deps: AppDeps): FastifyInstance {
  const { resources, clock, streams } = deps;
  const { metrics } = deps.watch;
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    logger: false,
    return503OnClosing: false,
    frameworkErrors: answerFrameworkError,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_024 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  addErrorHandlers(app, deps.logger);
  const served = (resource: ResourceRequest): boolean => isServed(resources.kinds, resource);
  addHooks(app, { ...deps, metrics, isServed: served });
  addInFlightLimits(app, deps.limits);

  const now = (): number => clock.now();
  app.get("/version", () => VERSION);
  app.get("/metrics", async (_request, reply) => {
    void reply.header("content-type", deps.metrics.contentType);
    return deps.metrics.metrics();
  });
  addHealthRoute(app, "livez", deps.live);
  addHealthRoute(app, "healthz", deps.live);
  addHealthRoute(app, "readyz", deps.ready);
  addDiscoveryRoutes(app, resources.kinds, deps.advertised);
  addOpenApiRoutes(app, resources.kinds, VERSION["gitVersion"] ?? "");
  addReviewRoutes(app, deps);
  addHopRoute(app, { bus: deps.bus, streams, now });
  addResourceRoutes(app, deps);
  return app;
}
