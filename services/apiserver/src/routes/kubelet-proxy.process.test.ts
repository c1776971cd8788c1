import { waitFor } from "@kubehop/testkit";
import { once } from "node:events";
import { createServer, request as httpsRequest, type Server } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;
let kubelet: Server;
const asked: { url: string; user: string; headers: IncomingMessage["headers"] }[] = [];

beforeAll(async () => {
  server = await startApiServer();
  kubelet = await startKubelet();
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node-1" } };
  await server.send("/api/v1/nodes", { method: "POST", body: node });
  await server.send("/api/v1/nodes/node-1/status", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: {
      status: {
        addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
        daemonEndpoints: {
          kubeletEndpoint: { Port: (kubelet.address() as { port: number }).port },
        },
      },
    },
  });
  await createPod("one", [{ name: "main", image: "x" }], "node-1");
  await createPod(
    "two",
    [
      { name: "a", image: "x" },
      { name: "b", image: "x" },
    ],
    "node-1",
  );
  await createPod("waiting", [{ name: "main", image: "x" }]);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  kubelet.closeAllConnections();
  kubelet.close();
});

/** A kubelet's listener with real TLS: logs count up, exec gives back what it gets. */
async function startKubelet(): Promise<Server> {
  const serving = await server.pki.issue({
    commonName: "system:node:node-1",
    altNames: ["127.0.0.1"],
    usages: ["server"],
  });
  const options = { ...serving, ca: server.pki.ca, requestCert: true };
  const started = createServer(options, (request, response) => {
    record(request);
    if (request.url?.includes("previous=true") === true) {
      response.writeHead(400).end('previous terminated container "main" not found');
      return;
    }
    response.write("line 1\n");
    response.end("line 2\n");
  });
  started.on("upgrade", (request, socket: Duplex) => {
    record(request);
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n",
    );
    socket.on("error", () => {}).pipe(socket);
  });
  started.listen(0, "127.0.0.1");
  await once(started, "listening");
  return started;
}

function record(request: IncomingMessage): void {
  const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
  asked.push({ url: request.url ?? "", user: String(CN), headers: request.headers });
}

async function createPod(name: string, containers: object[], nodeName?: string): Promise<void> {
  const spec = { containers, ...(nodeName !== undefined && { nodeName }) };
  const body = { apiVersion: "v1", kind: "Pod", metadata: { name }, spec };
  const created = await server.send(PODS, { method: "POST", body });
  expect(created.status).toBe(201);
}

const PODS = "/api/v1/namespaces/default/pods";

describe("logs", () => {
  it("come from the kubelet, asked with the API server's certificate", async () => {
    const answer = await server.send(`${PODS}/one/log?follow=true&tailLines=2&ignored=x`);
    expect([answer.status, answer.text]).toEqual([200, "line 1\nline 2\n"]);
    expect(answer.headers["content-type"]).toBe("text/plain");
    expect(asked.at(-1)).toMatchObject({
      url: "/containerLogs/default/one/main?follow=true&tailLines=2",
      user: "kube-apiserver-kubelet",
    });
  });

  it("come from an ephemeral container, too", async () => {
    const added = await server.send(`${PODS}/one/ephemeralcontainers`, {
      method: "PATCH",
      body: { spec: { ephemeralContainers: [{ name: "debug", image: "a" }] } },
      headers: { "content-type": "application/strategic-merge-patch+json" },
    });
    expect(added.status).toBe(200);
    expect((await server.send(`${PODS}/one/log?container=debug`)).status).toBe(200);
    expect(asked.at(-1)?.url).toMatch(/^\/containerLogs\/default\/one\/debug/);
    expect((await server.send(`${PODS}/one/log`)).status).toBe(200);
    expect(asked.at(-1)?.url).toMatch(/^\/containerLogs\/default\/one\/main/);
  });

  it("need a container that exists, and a pod on a node", async () => {
    const message = async (path: string): Promise<string> =>
      (await server.send(`${PODS}/${path}`)).body.message as string;
    await server.send(`${PODS}/two/ephemeralcontainers`, {
      method: "PATCH",
      body: { spec: { ephemeralContainers: [{ name: "debug", image: "a" }] } },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(await message("two/log")).toBe(
      "a container name must be specified for pod two, choose one of: [a b debug]",
    );
    expect(await message("two/log?container=c")).toBe("container c is not valid for pod two");
    expect(await message("waiting/log")).toBe("pod waiting does not have a host assigned");
    expect(await message("nobody/log")).toBe('pods "nobody" not found');
    expect(await message("one/log?previous=true")).toBe(
      'previous terminated container "main" not found',
    );
  });
});

describe("exec", () => {
  it("passes every byte between the client and the kubelet", async () => {
    const { answer, socket } = await upgrade(`${PODS}/one/exec?command=cat&stdin=true`);
    expect(answer.statusCode).toBe(101);
    expect(answer.headers["sec-websocket-protocol"]).toBe("v5.channel.k8s.io");
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256));
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    socket.write(bytes);
    await waitFor(() => Buffer.concat(received).length === bytes.length);
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    expect(asked.at(-1)).toMatchObject({
      url: "/exec/default/one/main?command=cat&stdin=true",
      headers: { "sec-websocket-key": "a2V5", "sec-websocket-protocol": "v5.channel.k8s.io" },
    });
    expect(asked.at(-1)?.headers.authorization).toBeUndefined();
    socket.destroy();
  });

  it("passes SPDY, which kubectl speaks when a WebSocket was refused", async () => {
    const spdy = { upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" };
    const request = upgradeRequest(`${PODS}/one/exec?command=ls`, spdy);
    request.end();
    const [, socket] = (await once(request, "upgrade")) as [IncomingMessage, Duplex];
    socket.destroy();
    expect(asked.at(-1)).toMatchObject({ url: "/exec/default/one/main?command=ls", headers: spdy });
  });

  it("is refused without a known protocol, without a pod, and for strangers", async () => {
    const other = await refused(`${PODS}/one/exec?command=ls`, { upgrade: "h2c" });
    expect([other.code, other.message]).toEqual([
      400,
      "exec is served over WebSocket and SPDY/3.1 only",
    ]);
    expect((await refused(`${PODS}/nobody/exec`, {})).code).toBe(404);
    expect((await refused("/api/v1/namespaces", {})).code).toBe(400);
    const token = { authorization: "Bearer nonsense" };
    expect((await refused(`${PODS}/one/exec`, token, false)).code).toBe(401);
    const plain = await server.send(`${PODS}/one/exec?command=ls`);
    expect(plain.status).toBe(400);
  });
});

interface Upgraded {
  readonly answer: IncomingMessage;
  readonly socket: Duplex;
}

function upgradeRequest(path: string, headers: Record<string, string>, known = true) {
  return httpsRequest(`${server.url}${path}`, {
    ca: server.pki.ca,
    ...(known && client),
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": "a2V5",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "v5.channel.k8s.io",
      ...headers,
    },
  });
}

let client: { cert: string; key: string };

beforeAll(async () => {
  const organizations = ["system:masters"];
  client = await server.pki.issue({ commonName: "admin", organizations, usages: ["client"] });
});

async function upgrade(path: string): Promise<Upgraded> {
  const request = upgradeRequest(path, {});
  request.end();
  const [answer, socket] = (await once(request, "upgrade")) as [IncomingMessage, Duplex];
  return { answer, socket };
}

async function refused(
  path: string,
  headers: Record<string, string>,
  known = true,
): Promise<{ code: number; message: string }> {
  const request = upgradeRequest(path, headers, known);
  request.end();
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return JSON.parse(text) as { code: number; message: string };
}
