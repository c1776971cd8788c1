import { describe, expect, test } from "vitest";
import { startNameServer } from "../testing/name-server.ts";
import type { Zone } from "../testing/name-server.ts";
import { lookup } from "./resolver.ts";
import { parseResolvConf } from "./resolv-conf.ts";

const CONF = parseResolvConf(
  "nameserver 127.0.0.1\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5 timeout:20 attempts:1",
);
/** A server that does not answer is waited for no longer than that. */
const IMPATIENT = { ...CONF, timeout: 1 };
/** A port where nobody listens. */
const NOBODY = 1;
const FULL_NAME = "my-api.default.svc.cluster.local";

async function resolve(host: string, zone: Zone, conf = CONF) {
  await using server = await startNameServer(zone);
  return await lookup(host, conf, { deadline: Date.now() + 60_000, port: server.port });
}

describe("lookup", () => {
  test("asks for A and AAAA from one socket and stops at the first name with an answer", async () => {
    const result = await resolve("my-api", { addresses: { [FULL_NAME]: ["10.96.0.50"] } });
    expect(result).toMatchObject({ name: FULL_NAME, addresses: ["10.96.0.50"] });
    expect(result.queries.map(({ name, type }) => [name, type])).toEqual([
      [FULL_NAME, "A"],
      [FULL_NAME, "AAAA"],
    ]);
    const [a, aaaa] = result.queries;
    expect(a).toMatchObject({ protocol: "UDP", rcode: "NOERROR", ttl: 30 });
    expect(a?.local).toEqual(aaaa?.local);
    expect(a?.local.port).toBeGreaterThan(0);
  });

  test("walks the search list on NXDOMAIN and SERVFAIL", async () => {
    const result = await resolve("my-api.other-ns", {
      addresses: { "my-api.other-ns.svc.cluster.local": ["10.96.7.7"] },
      failing: ["my-api.other-ns.default.svc.cluster.local"],
    });
    expect(result.addresses).toEqual(["10.96.7.7"]);
    expect(result.queries.map((query) => query.rcode)).toEqual([
      "SERVFAIL",
      "SERVFAIL",
      "NOERROR",
      "NOERROR",
    ]);
  });

  test("a truncated answer is asked for again by TCP", async () => {
    const many = Array.from({ length: 60 }, (_, n) => `10.244.1.${n + 1}`);
    const result = await resolve("my-db", {
      addresses: { "my-db.default.svc.cluster.local": many },
      truncate: true,
    });
    expect(result.addresses).toEqual(many);
    expect(result.queries.map(({ protocol, truncated }) => [protocol, truncated])).toEqual([
      ["UDP", true],
      ["UDP", true],
      ["TCP", false],
      ["TCP", false],
    ]);
  });

  test("use-vc asks by TCP alone", async () => {
    const zone = { addresses: { [FULL_NAME]: ["10.96.0.50"] } };
    const result = await resolve("my-api", zone, { ...CONF, useTcp: true });
    expect(result.addresses).toEqual(["10.96.0.50"]);
    expect(result.queries.map((query) => query.protocol)).toEqual(["TCP", "TCP"]);
  });

  test.each<[string, Zone, string]>([
    ["NXDOMAIN when no candidate exists", { addresses: {} }, "NXDOMAIN"],
    ["NODATA when one exists without an address", { addresses: { [FULL_NAME]: [] } }, "NODATA"],
    ["SERVFAIL when one failed", { addresses: {}, failing: [FULL_NAME] }, "SERVFAIL"],
  ])("%s", async (_, zone, failure) => {
    expect(await resolve("my-api", zone)).toMatchObject({ addresses: [], failure });
  });

  test("TIMEOUT when nobody answers", async () => {
    const result = await resolve("my-api", { addresses: {}, silent: [FULL_NAME] }, IMPATIENT);
    expect(result).toMatchObject({ addresses: [], failure: "TIMEOUT" });
  });

  test("REFUSED when nothing listens there", async () => {
    const options = { deadline: Date.now() + 60_000, port: NOBODY };
    const result = await lookup("my-api", CONF, options);
    expect(result).toMatchObject({ addresses: [], failure: "REFUSED" });
    expect(result.queries[0]?.error).toBe("ECONNREFUSED");
  });
});
