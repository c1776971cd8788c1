import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNameServer } from "../testing/name-server.ts";
import { runRole } from "../testing/role-process.ts";
import type { LookupReport } from "./lookup.ts";

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sample-app-"));
  const conf = "nameserver 127.0.0.1\nsearch a.local b.local\noptions ndots:5 timeout:20\n";
  await writeFile(join(directory, "resolv.conf"), conf);
  await writeFile(join(directory, "hosts"), "127.0.0.9 from-hosts\n");
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function lookUp(port: number, ...args: string[]) {
  const files = ["--resolv-conf", "resolv.conf", "--hosts", "hosts"];
  const { code, stdout, stderr } = await runRole([
    "lookup",
    ...args,
    "--json",
    "--timeout",
    "60s",
    "--dns-port",
    String(port),
    ...files.map((word) => (word.startsWith("--") ? word : join(directory, word))),
  ]);
  return { code, stderr, report: JSON.parse(stdout || "{}") as LookupReport };
}

test("each step of the search list is told, with its rcode", async () => {
  await using server = await startNameServer({ addresses: { "shop.b.local": ["10.96.0.50"] } });
  const { code, report } = await lookUp(server.port, "shop", "--type", "a");
  expect(code).toBe(0);
  expect(report.queries.map(({ name, type, rcode }) => [name, type, rcode])).toEqual([
    ["shop.a.local", "A", "NXDOMAIN"],
    ["shop.b.local", "A", "NOERROR"],
  ]);
  expect(report).toMatchObject({ name: "shop.b.local", answers: ["10.96.0.50"] });
});

test("without a type it asks for both families, as getaddrinfo does", async () => {
  await using server = await startNameServer({ addresses: { "shop.a.local": ["10.96.0.50"] } });
  const { report } = await lookUp(server.port, "shop");
  expect(report.queries.map(({ type }) => type)).toEqual(["A", "AAAA"]);
});

test("a name that does not exist ends with curl's code and the reason", async () => {
  await using server = await startNameServer({ addresses: {} });
  const { code, report, stderr } = await lookUp(server.port, "nobody");
  expect([code, report.failure, report.answers]).toEqual([6, "NXDOMAIN", []]);
  expect(stderr).toBe("lookup: nobody: NXDOMAIN\n");
});

test("PTR takes an address", async () => {
  await using server = await startNameServer({ addresses: {} });
  const { report } = await lookUp(server.port, "10.96.0.50", "--type", "PTR");
  expect(report.queries.map(({ name }) => name)).toEqual(["50.0.96.10.in-addr.arpa"]);
});

test("the hosts file comes before DNS", async () => {
  const { report } = await lookUp(1, "from-hosts");
  expect(report).toMatchObject({ hostsFile: ["127.0.0.9"], queries: [], answers: ["127.0.0.9"] });
});

test("a wrong type is a wrong command line", async () => {
  const { code, stderr } = await lookUp(1, "x", "--type", "AXFR");
  expect(code).toBe(2);
  expect(stderr).toContain(
    '--type "AXFR" is not one of A, AAAA, CNAME, SRV, PTR, TXT, MX, NS, SOA',
  );
});
