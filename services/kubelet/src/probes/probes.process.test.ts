import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeHttp } from "./http.ts";
import { probeTcp } from "./tcp.ts";

let server: Server;
let port: number;
let seen: { url: string | undefined; agent: string | undefined } | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen = { url: request.url, agent: request.headers["user-agent"] };
    if (request.url === "/hang") return;
    response.writeHead(Number(request.url?.slice(1) ?? 200), { location: "http://127.0.0.1:1/" });
    response.end("x".repeat(100_000));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const never = new AbortController().signal;
const target = (path: string, to = port): Parameters<typeof probeHttp>[0] => {
  return { scheme: "http", host: "127.0.0.1", port: to, path, headers: { "X-Test": "1" } };
};

describe("probeHttp", () => {
  it.each([
    ["/200", true, "200"],
    ["/302", true, "302"],
    ["/399", true, "399"],
    ["/404", false, "HTTP probe failed with statuscode: 404"],
    ["/500", false, "HTTP probe failed with statuscode: 500"],
  ])("%s: %s", async (path, success, message) => {
    expect(await probeHttp(target(path), never)).toEqual({ success, message });
    expect(seen).toEqual({ url: path, agent: expect.stringMatching(/^kube-probe\//) });
  });

  it("tells of a refused connection and of a timeout as upstream", async () => {
    const refused = await probeHttp(target("/200", 1), never);
    expect(refused).toEqual({
      success: false,
      message: 'Get "http://127.0.0.1:1/200": dial tcp 127.0.0.1:1: connect: connection refused',
    });
    const late = await probeHttp(target("/hang"), AbortSignal.timeout(20));
    expect(late.message).toContain("context deadline exceeded");
  });
});

describe("probeTcp", () => {
  it("succeeds when the connection opens", async () => {
    expect(await probeTcp("127.0.0.1", port, never)).toEqual({ success: true, message: "" });
  });

  it("fails when it is refused", async () => {
    expect(await probeTcp("127.0.0.1", 1, never)).toEqual({
      success: false,
      message: "dial tcp 127.0.0.1:1: connect: connection refused",
    });
  });
});
