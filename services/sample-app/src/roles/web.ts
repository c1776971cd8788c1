import { fastify } from "fastify";
import type { FastifyInstance } from "fastify";
import { Agent, request } from "undici";
import { createLogger, logFlags } from "../log.ts";
import { podIdentity } from "../pod-identity.ts";
import type { PodIdentity } from "../pod-identity.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { aborted, drain, listen, servingFlags } from "../serving.ts";
import { renderPage } from "../web-page.ts";
import type { ApiReply } from "../web-page.ts";

const WEB_PORT = 8080;
const MAX_BODY_CHARS = 64 * 1024;

/** The my-web of the examples: calls the API Service by its name, as any front end does. */
export const web: Role = defineRole({
  name: "web",
  summary: "HTTP front end that calls an API and shows which of its pods answered.",
  flags: {
    ...servingFlags(WEB_PORT),
    ...logFlags,
    "api-url": {
      type: "string",
      default: "http://my-api/hello",
      description: "what to call for every page",
    },
    "api-timeout": { type: "duration", default: "2s", description: "how long to wait for it" },
  },
  run: async (context, flags) => {
    const logger = createLogger("web", flags["log-level"]);
    const call = createApiCall(flags["api-url"], flags["api-timeout"]);
    const { app, setReady } = buildWeb(podIdentity(context.env), call);
    await app.ready();
    const { address, port } = await listen(app.server, flags.host, flags.port);
    logger.info({ address, port }, "listening");
    await aborted(context.signal);
    setReady(false);
    logger.info("stopping");
    await drain(app.server, flags["lame-duck"], flags["shutdown-grace"]);
    return 0;
  },
});

type ApiCall = () => Promise<ApiReply>;

/** A new connection for each call, so that every page shows a fresh choice of the Service. */
function createApiCall(url: string, timeoutMs: number): ApiCall {
  const dispatcher = new Agent({ pipelining: 0 });
  return async () => {
    const started = performance.now();
    const elapsed = (): number => Math.round((performance.now() - started) * 10) / 10;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const { statusCode, body } = await request(url, { dispatcher, signal });
      const text = (await body.text()).slice(0, MAX_BODY_CHARS);
      return { url, ok: statusCode < 400, status: statusCode, text, ms: elapsed() };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { url, ok: false, text, ms: elapsed() };
    }
  };
}

/**
 * GET / → HTML, or JSON when the client accepts `application/json` first; 502 when the API failed.
 * GET /healthz, /readyz as the backend's.
 */
function buildWeb(
  identity: PodIdentity,
  call: ApiCall,
): { app: FastifyInstance; setReady: (ready: boolean) => void } {
  const state = { ready: true };
  const app = fastify({ logger: false });
  app.get("/healthz", async () => "ok\n");
  app.get("/readyz", async (_, reply) =>
    state.ready ? "ok\n" : reply.code(503).send("not ready\n"),
  );
  app.get("/", async (incoming, reply) => {
    const api = await call();
    void reply.code(api.ok ? 200 : 502);
    if (incoming.headers.accept?.startsWith("application/json")) return { web: identity, api };
    return reply.type("text/html; charset=utf-8").send(renderPage(identity, api));
  });
  return { app, setReady: (ready) => void (state.ready = ready) };
}
