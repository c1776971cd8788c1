import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { describe, expect, test } from "vitest";
import { runRole, startRole } from "../testing/role-process.ts";
import type { LoadSummary } from "../load-run.ts";

const LISTEN = ["--host", "127.0.0.1", "--port", "0"];
/** Generous for a machine that does much else. */
const POLL = { timeout: 30_000 };

async function get(port: number, path: string, headers: Record<string, string> = {}) {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: statusCode, text: await body.text() };
}

async function exchangeUdp(port: number, text: string): Promise<string> {
  const socket = createSocket("udp4");
  try {
    socket.connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.send(text);
    const [data] = (await once(socket, "message", { signal: AbortSignal.timeout(60_000) })) as [
      Buffer,
    ];
    return data.toString();
  } finally {
    socket.close();
  }
}

async function exchangeTcp(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe("echo", () => {
  test("TCP: every byte comes back, also after the client has closed its side", async () => {
    await using pod = await startRole(["tcp-echo", ...LISTEN]);
    const text = "x".repeat(200_000);
    expect(await exchangeTcp(pod.port, text)).toBe(text);
    expect(await pod.stop()).toBe(0);
  });

  test("UDP: datagrams come back; hostname is answered", async () => {
    await using pod = await startRole(["udp-echo", ...LISTEN], { HOSTNAME: "udp-echo-1" });
    expect(await exchangeUdp(pod.port, "hello")).toBe("hello");
    expect(await exchangeUdp(pod.port, "hostname")).toBe("udp-echo-1\n");
    expect(await pod.stop()).toBe(0);
  });
});

describe("web", () => {
  test("shows which pod answered, as page and as JSON", async () => {
    await using api = await startRole(["backend", ...LISTEN], { HOSTNAME: "my-api-7" });
    const apiUrl = `http://127.0.0.1:${api.port}/hello`;
    await using pod = await startRole(["web", ...LISTEN, "--api-url", apiUrl], {
      HOSTNAME: "my-web-1",
    });
    const page = await get(pod.port, "/");
    expect(page.status).toBe(200);
    expect(page.text).toContain("<b>my-web-1</b>");
    expect(page.text).toContain("my-api-7");
    const { text } = await get(pod.port, "/", { accept: "application/json" });
    expect(JSON.parse(text)).toMatchObject({
      web: { pod: "my-web-1" },
      api: { ok: true, status: 200 },
    });
    expect(await pod.stop()).toBe(0);
  });

  test("502 and the reason when the API does not answer", async () => {
    await using pod = await startRole(["web", ...LISTEN, "--api-url", "http://127.0.0.1:1/"]);
    const page = await get(pod.port, "/");
    expect(page.status).toBe(502);
    expect(page.text).toContain("ECONNREFUSED");
    expect(await get(pod.port, "/readyz")).toMatchObject({ status: 200 });
  });
});

describe("nginx", () => {
  test("the welcome page, then files of its root, nothing outside of it", async () => {
    const directory = await mkdtemp(join(tmpdir(), "nginx-"));
    const root = join(directory, "html");
    await mkdir(root);
    await writeFile(join(directory, "secret"), "secret");
    await using site = await startRole(["nginx", ...LISTEN, "--root", root]);
    expect((await get(site.port, "/")).text).toContain("Welcome to nginx!");
    await writeFile(join(root, "index.html"), "<p>mine</p>");
    expect(await get(site.port, "/")).toEqual({ status: 200, text: "<p>mine</p>" });
    expect(await get(site.port, "/none")).toMatchObject({ status: 404 });
    expect(await get(site.port, "/..%2fsecret")).toMatchObject({ status: 404 });
    expect(await get(site.port, "/%zz")).toMatchObject({ status: 400 });
    await expect
      .poll(() => site.output(), POLL)
      .toMatch(/^127\.0\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 11 /m);
    await rm(directory, { recursive: true });
  });
});

describe("agnhost", () => {
  test("netexec: /hostname, /clientip, /echo, /dial and UDP", async () => {
    const args = ["agnhost", "netexec", "--host", "127.0.0.1", "--http-port=0", "--udp-port=0"];
    await using pod = await startRole(args, { HOSTNAME: "netserver-0" });
    await expect.poll(() => pod.output(), POLL).toContain("UDP server");
    const udpPort = Number(/UDP server on port (\d+)/.exec(pod.output())?.[1]);
    expect(await get(pod.port, "/hostname")).toEqual({ status: 200, text: "netserver-0" });
    expect((await get(pod.port, "/clientip")).text).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await get(pod.port, "/echo?msg=hi&code=418")).toEqual({ status: 418, text: "hi" });
    expect(await get(pod.port, "/echo?code=7")).toMatchObject({ status: 400 });
    expect(await exchangeUdp(udpPort, "echo Hello")).toBe("Hello");
    expect(await exchangeUdp(udpPort, "hostname")).toBe("netserver-0");
    const dialTcp = await get(
      pod.port,
      `/dial?host=127.0.0.1&port=${pod.port}&request=hostname&tries=2`,
    );
    expect(JSON.parse(dialTcp.text)).toEqual({ responses: ["netserver-0", "netserver-0"] });
    const dialUdp = await get(pod.port, `/dial?host=127.0.0.1&port=${udpPort}&protocol=udp`);
    expect(JSON.parse(dialUdp.text)).toEqual({ responses: ["netserver-0"] });
    expect(await get(pod.port, "/dial?host=x&port=0")).toMatchObject({ status: 400 });
    const exit = once(pod.child, "exit") as Promise<[number]>;
    await get(pod.port, "/exit?code=3");
    const [code] = await exit;
    expect(code).toBe(3);
  });

  test("serve-hostname over HTTP, TCP and UDP", async () => {
    await using http = await startRole(["agnhost", "serve-hostname", "--udp", ...LISTEN], {
      HOSTNAME: "h",
    });
    expect(await get(http.port, "/")).toEqual({ status: 200, text: "h" });
    expect(await exchangeUdp(http.port, "x")).toBe("h\n");
    await using tcp = await startRole(["agnhost", "serve-hostname", "--tcp", ...LISTEN], {
      HOSTNAME: "t",
    });
    expect(await exchangeTcp(tcp.port, "")).toBe("t\n");
  });

  test("connect says what happened in one word", async () => {
    await using pod = await startRole(["tcp-echo", ...LISTEN]);
    const reached = await runRole(["agnhost", "connect", `127.0.0.1:${pod.port}`]);
    expect(reached).toMatchObject({ code: 0, stderr: "" });
    const refused = await runRole(["agnhost", "connect", "--timeout=60s", "127.0.0.1:1"]);
    expect(refused).toMatchObject({ code: 1, stderr: "REFUSED\n" });
    const unknown = await runRole(["agnhost", "connect", "nobody.invalid:80"]);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/^DNS: /) });
    expect(await runRole(["agnhost", "connect", "nonsense"])).toMatchObject({ code: 2 });
  });
});

describe("load", () => {
  test("sends as many requests as asked and counts who answered", async () => {
    await using pod = await startRole(["backend", ...LISTEN], { HOSTNAME: "my-api-1" });
    const url = `http://127.0.0.1:${pod.port}/hello`;
    const { code, stdout } = await runRole(["load", "--url", url, "--requests", "50"]);
    const summary = JSON.parse(stdout) as LoadSummary;
    expect(code).toBe(0);
    expect(summary).toMatchObject({ sent: 50, ok: 50, failed: 0, pods: { "my-api-1": 50 } });
    expect(summary.latencyMs.p50).toBeGreaterThan(0);
  });

  test("counts failures by their code, and fails", async () => {
    const { code, stdout } = await runRole([
      "load",
      "--url",
      "http://127.0.0.1:1/",
      "--requests",
      "3",
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ sent: 3, ok: 0, errors: { ECONNREFUSED: 3 } });
  });

  test("ends with its time, however fast answers come", async () => {
    await using pod = await startRole(["backend", ...LISTEN]);
    const url = `http://127.0.0.1:${pod.port}/`;
    const bounds = ["--duration", "300ms", "--rate", "100", "--requests", "100000"];
    const { stdout } = await runRole(["load", "--url", url, ...bounds]);
    const { sent, failed } = JSON.parse(stdout) as LoadSummary;
    expect(failed).toBe(0);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(40);
  });
});

describe("any role", () => {
  test.each(["wait", "pause", "agnhost pause"])("%s ends when told to", async (name) => {
    const { ROLES } = await import("../roles.ts");
    const role = await ROLES[name]?.();
    const controller = new AbortController();
    const context = { args: [], env: {}, signal: controller.signal, stdout() {}, stderr() {} };
    const running = role?.run(context);
    controller.abort();
    expect(await running).toBe(0);
  });

  test("a port in use is one clear line and exit 1", async () => {
    await using pod = await startRole(["tcp-echo", ...LISTEN]);
    const taken = ["--host", "127.0.0.1", "--port", String(pod.port)];
    const { code, stderr } = await runRole(["backend", ...taken]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sample-app backend: listen EADDRINUSE.*\n$/);
  });

  test("an unknown role or flag is exit 2", async () => {
    expect(await runRole(["nothing"])).toMatchObject({ code: 2 });
    expect(await runRole(["backend", "--nothing"])).toMatchObject({ code: 2 });
    expect(await runRole(["backend", "--help"])).toMatchObject({ code: 0, stderr: "" });
  });
});
