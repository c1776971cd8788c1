import { setTimeout as delay } from "node:timers/promises";
import { fastify } from "fastify";
import type { FastifyInstance } from "fastify";
import { hostPort, podIdentity } from "../pod-identity.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";
import { aborted, drain, listen } from "../serving.ts";
import { bindUdp } from "../udp.ts";
import { dial } from "./dial.ts";
import type { DialRequest } from "./dial.ts";

const DRAIN_MS = 5_000;

/** `agnhost netexec`: the peer of most Kubernetes network tests (test/images/agnhost/netexec). */
export const netexec: Role = defineRole({
  name: "agnhost netexec",
  summary: "HTTP and UDP server for network tests: /hostname, /clientip, /echo, /dial …",
  flags: {
    "http-port": port(8080, "HTTP port; 0: any"),
    "udp-port": {
      type: "integer",
      default: 8081,
      minimum: -1,
      maximum: 65535,
      description: "UDP port; 0: any, -1: none",
    },
    "sctp-port": port(-1, "accepted for compatibility; SCTP is not served"),
    host: { type: "string", default: "", description: "address to bind; empty: all" },
    "delay-shutdown": {
      type: "integer",
      default: 0,
      minimum: 0,
      maximum: 3600,
      description: "seconds to go on serving after SIGTERM",
    },
  },
  run: async ({ env, signal, stdout }, flags) => {
    const { pod } = podIdentity(env);
    const exit = Promise.withResolvers<number>();
    const app = buildNetexec(pod, exit.resolve);
    await app.ready();
    const http = await listen(app.server, flags.host, flags["http-port"]);
    stdout(`Started HTTP server on port ${http.port}\n`);
    const udpPort = flags["udp-port"];
    const udp = udpPort < 0 ? undefined : await serveUdp(pod, flags.host, udpPort);
    if (udp) stdout(`Started UDP server on port ${udp.address().port}\n`);
    const stopped = aborted(signal).then(() => delay(flags["delay-shutdown"] * 1_000, 0));
    const code = await Promise.race([exit.promise, stopped]);
    udp?.close();
    await drain(app.server, 0, DRAIN_MS);
    return code;
  },
});

function port(byDefault: number, description: string) {
  return { type: "integer", default: byDefault, minimum: -1, maximum: 65535, description } as const;
}

/** The HTTP side, not listening yet. `exit` is called with the exit code a client asked for. */
function buildNetexec(pod: string, exit: (code: number) => void): FastifyInstance {
  const app = fastify({ logger: false });
  app.get("/", async () => `NOW: ${new Date().toISOString()}\n`);
  app.get("/hostname", async () => pod);
  app.get("/hostName", async () => pod);
  app.get("/healthz", async () => "ok");
  app.get("/clientip", async ({ socket }) => hostPort(socket.remoteAddress, socket.remotePort));
  app.get<{ Querystring: { msg?: string; code?: string } }>("/echo", async (request, reply) => {
    const { msg = "", code = "200" } = request.query;
    const status = Number(code);
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      return reply.code(400).send(`argument 'code' must be an integer from 200 to 599`);
    }
    return reply.code(status).type("text/plain; charset=utf-8").send(msg);
  });
  app.get<{ Querystring: { key?: string } }>("/header", async ({ headers, query }) =>
    String(headers[query.key?.toLowerCase() ?? ""] ?? ""),
  );
  app.get<{ Querystring: { location?: string; code?: string } }>("/redirect", (request, reply) => {
    const { location = "/", code = "302" } = request.query;
    const status = Number(code);
    return reply.redirect(location, status >= 300 && status <= 399 ? status : 302);
  });
  app.get<{ Querystring: DialRequest }>("/dial", async ({ query }, reply) => {
    const answer = await dial(query);
    return reply.code(answer.problem === undefined ? 200 : 400).send(answer.problem ?? answer);
  });
  app.get<{ Querystring: { code?: string } }>("/exit", (request, reply) => {
    reply.raw.once("close", () => exit(Number(request.query.code ?? "0") || 0));
    return reply.send("");
  });
  app.get("/shutdown", (_, reply) => {
    reply.raw.once("close", () => exit(0));
    return reply.send("");
  });
  return app;
}

/** "hostname", "echo <text>" and "clientip", as upstream's startUDPServer. */
async function serveUdp(pod: string, host: string, udpPort: number) {
  const socket = await bindUdp(host, udpPort);
  socket.on("error", () => {});
  socket.on("message", (data, peer) => {
    const text = data.toString().trim();
    const answers: Record<string, string> = {
      hostname: pod,
      clientip: hostPort(peer.address, peer.port),
    };
    const echoed = /^echo (.*)$/is.exec(text)?.[1];
    const answer = echoed ?? answers[text.toLowerCase()];
    if (answer !== undefined) socket.send(answer, peer.port, peer.address);
  });
  return socket;
}
