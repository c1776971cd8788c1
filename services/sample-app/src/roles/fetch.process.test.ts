import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FetchReport } from "../fetch/fetch-report.ts";
import { startNameServer } from "../testing/name-server.ts";
import { runRole, startRole } from "../testing/role-process.ts";

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sample-app-"));
  const conf =
    "nameserver 127.0.0.1\nsearch default.svc.cluster.local\noptions ndots:5 timeout:20\n";
  await writeFile(join(directory, "resolv.conf"), conf);
  await writeFile(join(directory, "hosts"), "127.0.0.1 from-hosts\n");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function fetchJson(url: string, dnsPort: number, timeout = "60s") {
  const files = [
    "--resolv-conf",
    join(directory, "resolv.conf"),
    "--hosts",
    join(directory, "hosts"),
  ];
  const args = [
    "fetch",
    url,
    "--json",
    "--timeout",
    timeout,
    "--dns-port",
    String(dnsPort),
    ...files,
  ];
  const { code, stdout, stderr } = await runRole(args);
  return { code, report: JSON.parse(stdout) as FetchReport, stderr };
}

describe("fetch", () => {
  test("reports every step of a request by name", async () => {
    await using pod = await startRole(["backend", "--host", "127.0.0.1", "--port", "0"]);
    const addresses = { "my-api.default.svc.cluster.local": ["127.0.0.1"] };
    await using server = await startNameServer({ addresses });
    const { code, report } = await fetchJson(`http://my-api:${pod.port}/hello`, server.port);
    expect(code).toBe(0);
    expect(report.resolvConf).toMatchObject({ nameservers: ["127.0.0.1"], ndots: 5 });
    expect(report.queries[0]).toMatchObject({
      name: "my-api.default.svc.cluster.local",
      type: "A",
      answers: ["127.0.0.1"],
      server: { ip: "127.0.0.1", port: server.port },
    });
    expect(report.connection?.remote).toEqual({ ip: "127.0.0.1", port: pod.port });
    expect(report.response).toMatchObject({ status: 200, truncated: false });
    const answer = JSON.parse(report.response?.body ?? "") as { from: string };
    const { ip, port } = report.connection?.local ?? {};
    expect(answer.from).toBe(`${ip}:${port}`);
  });

  test("headers and a body are sent", async () => {
    const server = createServer(async (request, response) => {
      const { "x-user": user, "user-agent": agent } = request.headers;
      const body = await text(request);
      response.end(JSON.stringify({ method: request.method, user, agent, body }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const headers = ["--header", "X-User: ann", "--header", "User-Agent: mine"];
    const args = ["--method", "POST", "--data", "zwölf", ...headers];
    const { stdout } = await runRole(["fetch", `http://127.0.0.1:${port}/`, ...args]);
    server.close();
    expect(JSON.parse(stdout)).toEqual({
      method: "POST",
      user: "ann",
      agent: "mine",
      body: "zwölf",
    });
  });

  test("a header without a colon is a wrong command line", async () => {
    const { code, stderr } = await runRole(["fetch", "http://x/", "--header", "X-User ann"]);
    expect(code).toBe(2);
    expect(stderr).toContain('write "Name: value"');
  });

  test("the hosts file comes before DNS", async () => {
    await using pod = await startRole(["backend", "--host", "127.0.0.1", "--port", "0"]);
    const { report } = await fetchJson(`http://from-hosts:${pod.port}/`, 1);
    expect(report).toMatchObject({ hostsFile: ["127.0.0.1"], queries: [] });
    expect(report.response?.status).toBe(200);
  });

  test("an unknown name: exit 6 and every query on record", async () => {
    await using server = await startNameServer({ addresses: {} });
    const { code, report, stderr } = await fetchJson("http://nobody/", server.port);
    expect(code).toBe(6);
    expect(report.error).toMatchObject({ step: "dns", reason: "NXDOMAIN" });
    expect(report.queries.map((query) => query.name)).toEqual([
      "nobody.default.svc.cluster.local",
      "nobody.default.svc.cluster.local",
      "nobody",
      "nobody",
    ]);
    expect(stderr).toContain("could not resolve nobody: NXDOMAIN");
  });

  test("nobody listens: exit 7", async () => {
    const { code, report } = await fetchJson("http://127.0.0.1:1/", 1);
    expect(code).toBe(7);
    expect(report.error).toMatchObject({ step: "connect", reason: "ECONNREFUSED" });
    expect(report.failedConnections).toHaveLength(1);
  });

  test("no answer in time: exit 28", async () => {
    const listen = ["--host", "127.0.0.1", "--port", "0"];
    await using pod = await startRole(["slow", ...listen, "--latency", "1h"]);
    const { code, report } = await fetchJson(`http://127.0.0.1:${pod.port}/`, 1, "3s");
    expect(code).toBe(28);
    expect(report.error).toMatchObject({ step: "http", reason: "timeout" });
  });

  test("not a web server: exit 52", async () => {
    const listen = ["--host", "127.0.0.1", "--port", "0"];
    await using pod = await startRole(["agnhost", "serve-hostname", "--tcp", ...listen]);
    const { code, report } = await fetchJson(`http://127.0.0.1:${pod.port}/`, 1);
    expect(code).toBe(52);
    expect(report.error?.step).toBe("http");
  });

  test.each(["", "ftp://x/", "http://"])("%j is no URL it takes: exit 2", async (url) => {
    const { code, stderr } = await runRole(["fetch", url]);
    expect(code).toBe(2);
    expect(stderr).toContain("need one http or https URL");
  });
});
