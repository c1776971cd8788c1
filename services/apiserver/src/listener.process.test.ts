import { type ClusterPki, createClusterPki } from "@kubehop/kit/certificates";
import { fastify, type FastifyInstance } from "fastify";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Agent, request } from "undici";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Listener, listen } from "./listener.ts";

let pki: ClusterPki;
let app: FastifyInstance;
let listener: Listener;
const held = Promise.withResolvers<void>();
const entered = Promise.withResolvers<void>();

beforeAll(async () => {
  pki = await createClusterPki();
  app = fastify();
  app.get("/", () => "hello");
  app.get("/held", async () => {
    entered.resolve();
    await held.promise;
    return "done";
  });
  listener = await start();
});

afterAll(async () => {
  await listener[Symbol.asyncDispose]();
});

async function start(headersTimeoutMs = 200): Promise<Listener> {
  const serving = await pki.issue({
    commonName: "server",
    altNames: ["127.0.0.1"],
    usages: ["server"],
  });
  return listen({
    app,
    upgrade: (_request, socket) => socket.destroy(),
    tls: { ...serving, ca: pki.ca },
    host: "127.0.0.1",
    port: 0,
    headersTimeoutMs,
  });
}

function dial(to: Listener): TLSSocket {
  const socket = connectTls({ port: to.port, host: "127.0.0.1", ca: pki.ca });
  return socket.on("error", () => {});
}

it("drops clients that send nothing, before and after the TLS handshake", async () => {
  const silent = connectTcp(listener.port, "127.0.0.1");
  const mute = dial(listener);
  silent.resume().on("error", () => {});
  mute.resume();
  await Promise.all([once(silent, "close"), once(mute, "close")]);
});

it("drops clients that send their head too slowly", async () => {
  // The handshake has as long as the head, and has to succeed also when this process is held up.
  await using patient = await start(5_000);
  const slow = dial(patient);
  await once(slow, "secureConnect");
  slow.write("GET / HTTP/1.1\r\n");
  let answer = "";
  slow.on("data", (data) => (answer += String(data)));
  await once(slow, "close");
  expect(answer).toContain("408 Request Timeout");
});

it("lets requests finish when it stops, and takes no new ones", async () => {
  const own = await start();
  const agent = new Agent({ connect: { ca: pki.ca } });
  const url = `https://127.0.0.1:${own.port}`;
  const running = request(`${url}/held`, { dispatcher: agent });
  await entered.promise;
  const stopped = own[Symbol.asyncDispose]();
  const late = new Agent({ connect: { ca: pki.ca } });
  await expect(request(url, { dispatcher: late })).rejects.toThrow("ECONNREFUSED");
  held.resolve();
  expect(await (await running).body.text()).toBe("done");
  await stopped;
  await Promise.all([agent.destroy(), late.destroy()]);
});
