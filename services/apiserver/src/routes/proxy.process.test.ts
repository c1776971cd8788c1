import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { startApiServer, type TestApiServer } from "../testing/api-server.ts";

/** An address of this machine that is no loopback: those are never proxied to. */
const ADDRESS = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

let server: TestApiServer;
let backend: Server;
const seen: IncomingMessage[] = [];

beforeAll(async () => {
  if (ADDRESS === undefined) return;
  server = await startApiServer();
  backend = createServer((request, response) => {
    seen.push(request);
    if (request.url === "/page") {
      response.setHeader("content-type", "text/html");
      const html = '<a href="/next">next</a>';
      response.setHeader("content-length", html.length);
      response.end(html);
    } else if (request.url === "/moved") response.writeHead(302, { location: "/new?x=1" }).end();
    else request.pipe(response);
  });
  const sockets = new WebSocketServer({ server: backend });
  sockets.on("connection", (client) => client.on("message", (data) => client.send(data)));
  backend.listen(0, ADDRESS);
  await once(backend, "listening");
  const { port } = backend.address() as AddressInfo;
  await pod("web", ADDRESS, port);
  await pod("loopback", "127.0.0.1", port);
  await pod("closed", ADDRESS, 1);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  backend?.closeAllConnections();
  backend?.close();
});

async function pod(name: string, podIP: string, containerPort: number): Promise<void> {
  const containers = [{ name: "main", image: "x", ports: [{ containerPort }] }];
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec: { containers } };
  await server.send("/api/v1/namespaces/default/pods", { method: "POST", body });
  await server.send(`/api/v1/namespaces/default/pods/${name}/status`, {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: { status: { podIP, phase: "Running" } },
  });
}

const PROXY = "/api/v1/namespaces/default/pods/web/proxy";

describe.skipIf(ADDRESS === undefined)("pods/NAME/proxy", () => {
  it("passes method, path, query, headers and body on, but no credentials", async () => {
    const answer = await server.send(`${PROXY}/a%2Fb/?q=1&q=2`, {
      method: "POST",
      headers: { "x-mine": "yes", authorization: "Bearer x" },
      body: "hello",
    });
    expect([answer.status, answer.text]).toEqual([200, "hello"]);
    const request = seen.at(-1);
    expect([request?.method, request?.url]).toEqual(["POST", "/a%2Fb/?q=1&q=2"]);
    expect(request?.headers).toMatchObject({
      "x-mine": "yes",
      "x-forwarded-uri": PROXY,
      "x-forwarded-proto": "https",
    });
    expect(request?.headers["authorization"]).toBeUndefined();
  });

  it("takes bodies larger than the API's own limit", async () => {
    const body = Buffer.alloc(5_000_000, "x");
    const answer = await server.send(`${PROXY}/`, { method: "PUT", body });
    expect([answer.status, answer.text.length]).toEqual([200, body.length]);
  });

  it("rewrites links and redirects to go through the API server", async () => {
    const page = await server.send(`${PROXY}/page`, { headers: { accept: "text/html" } });
    expect(page.text).toBe(`<a href="${PROXY}/next">next</a>`);
    const moved = await server.send(`${PROXY}/moved`);
    expect([moved.status, moved.headers["location"]]).toEqual([302, `${PROXY}/new?x=1`]);
    const bare = await server.send(`${PROXY}?a=1`);
    expect([bare.status, bare.headers["location"]]).toEqual([301, `${PROXY}/?a=1`]);
  });

  it("passes WebSockets on", async () => {
    const client = webSocket(`${PROXY}/socket`);
    await once(client, "open");
    client.send("ping");
    const [data] = (await once(client, "message")) as [Buffer];
    expect(data.toString()).toBe("ping");
    // Requests of the tests before may be counted out a moment after they were answered.
    const own =
      /apiserver_longrunning_requests\{(?=.*verb="CONNECT")(?=.*subresource="proxy").*\} 1\n/;
    await waitFor(async () => own.test((await server.send("/metrics")).text));
    client.close();
    await once(client, "close");
  });

  it.each([
    ["loopback", 400, "address not allowed"],
    ["closed", 503, "error trying to reach service: dial tcp"],
    ["absent", 404, 'pods "absent" not found'],
    ["a:b:c:d", 400, 'invalid pod request "a:b:c:d"'],
  ])("%s is refused with %i", async (name, code, message) => {
    const path = `/api/v1/namespaces/default/pods/${name}/proxy/`;
    const answer = await server.send(path);
    expect([answer.status, answer.body.kind]).toEqual([code, "Status"]);
    expect(answer.body.message).toContain(message);
    const refused = await once(webSocket(path), "unexpected-response");
    expect((refused[1] as IncomingMessage).statusCode).toBe(code);
  });
});

/** A WebSocket to the API server with the test's client certificate. */
function webSocket(path: string, protocols: string[] = []): WebSocket {
  const client = new WebSocket(`${server.url}${path}`, protocols, server.credentials);
  client.on("error", () => {});
  return client;
}

describe.skipIf(ADDRESS === undefined)("a watch over WebSocket", () => {
  const WATCH = "/api/v1/namespaces/default/configmaps?watch=true&allowWatchBookmarks=true";

  it.each<[string[], (data: Buffer) => string]>([
    [[], String],
    [["binary.k8s.io"], String],
    [["base64.binary.k8s.io"], (data) => Buffer.from(String(data), "base64").toString()],
  ])("sends one event a message, framed as %j", async (protocols, read) => {
    const name = `framed-${protocols[0] ?? "text"}`;
    const client = webSocket(`${WATCH}&fieldSelector=metadata.name%3D${name}`, protocols);
    const events: { type: string; object: { metadata: { name?: string } } }[] = [];
    client.on("message", (data: Buffer) => events.push(JSON.parse(read(data)) as never));
    await once(client, "open");
    expect(client.protocol).toBe(protocols[0] ?? "");
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
    await server.send("/api/v1/namespaces/default/configmaps", { method: "POST", body });
    while (!events.some(({ type }) => type === "ADDED")) await once(client, "message");
    expect(events.map(({ type }) => type)).toEqual(["BOOKMARK", "ADDED"]);
    client.close();
    await once(client, "close");
  });

  it("ends with code 1000 when its time is up", async () => {
    const client = webSocket(`${WATCH}&timeoutSeconds=1`);
    const [code] = (await once(client, "close")) as [number];
    expect(code).toBe(1_000);
  });

  it("that can't begin is refused before it is one", async () => {
    const client = webSocket(`${WATCH}&labelSelector=%21%21`);
    const [, response] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(400);
  });
});

it("a path that speaks no other protocol is refused", async () => {
  if (ADDRESS === undefined) return;
  const client = webSocket("/api/v1/namespaces/default/configmaps");
  const [, response] = (await once(client, "unexpected-response")) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(400);
});
