import { once } from "node:events";
import { connect } from "node:net";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { startRole } from "../testing/role-process.ts";

const LISTEN = ["--host", "127.0.0.1", "--port", "0"];
/** Generous for a machine that does much else. */
const POLL = { timeout: 30_000 };

async function get(port: number, path: string, method: "GET" | "POST" = "GET") {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { method });
  return { status: statusCode, text: await body.text() };
}

describe("backend", () => {
  test("says who answered, to whom, on any path", async () => {
    await using pod = await startRole(["backend", ...LISTEN], {
      HOSTNAME: "my-api-1",
      NODE_NAME: "node-2",
    });
    const { status, text } = await get(pod.port, "/hello?x=1");
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      pod: "my-api-1",
      node: "node-2",
      ip: "127.0.0.1",
      from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      path: "/hello?x=1",
    });
  });

  test("readiness is switched from outside, liveness is not", async () => {
    await using pod = await startRole(["backend", ...LISTEN]);
    expect(await get(pod.port, "/readyz")).toMatchObject({ status: 200 });
    expect(await get(pod.port, "/ready?value=false", "POST")).toMatchObject({ status: 200 });
    expect(await get(pod.port, "/readyz")).toEqual({ status: 503, text: "not ready\n" });
    expect(await get(pod.port, "/healthz")).toMatchObject({ status: 200 });
    expect(await get(pod.port, "/ready?value=maybe", "POST")).toMatchObject({ status: 400 });
    expect(await get(pod.port, "/ready?value=true")).toMatchObject({ status: 400 });
    expect(await get(pod.port, "/ready?value=true", "POST")).toMatchObject({ status: 200 });
    expect(await get(pod.port, "/readyz")).toMatchObject({ status: 200 });
  });

  test("SIGTERM: unready at once, requests under way finish, exit 0", async () => {
    await using pod = await startRole(["slow", ...LISTEN, "--latency", "8s", "--lame-duck", "5s"]);
    const underWay = get(pod.port, "/hello");
    const exit = pod.stop();
    await expect.poll(() => pod.output(), POLL).toContain("stopping");
    expect(await get(pod.port, "/readyz")).toMatchObject({ status: 503 });
    expect(await underWay).toMatchObject({ status: 200 });
    expect(await exit).toBe(0);
  });

  test("a client that sends nothing, or garbage, does no harm", async () => {
    await using pod = await startRole(["backend", ...LISTEN]);
    const silent = connect(pod.port, "127.0.0.1");
    await once(silent, "connect");
    const rude = connect(pod.port, "127.0.0.1");
    const closed = Promise.withResolvers<void>();
    rude.resume().on("error", () => undefined);
    rude.once("close", () => closed.resolve());
    rude.end("\0\x01\x02 not http\r\n\r\n");
    await closed.promise;
    expect(await get(pod.port, "/hello")).toMatchObject({ status: 200 });
    silent.destroy();
    const odd = connect(pod.port, "127.0.0.1");
    odd.write("GET // HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(String(await once(odd, "data"))).toContain("400 Bad Request");
  });
});

describe("flaky", () => {
  test("fails the given share of requests, health checks never", async () => {
    await using pod = await startRole([
      "flaky",
      ...LISTEN,
      "--error-rate=1",
      "--error-status",
      "503",
    ]);
    expect(await get(pod.port, "/hello")).toEqual({ status: 503, text: "failing on purpose\n" });
    expect(await get(pod.port, "/healthz")).toMatchObject({ status: 200 });
  });
});
