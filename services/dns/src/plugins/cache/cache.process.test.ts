import { describe, expect, it } from "vitest";
import { ask, startDns } from "../../testing/dns-fixture.ts";
import { forwardTo, startUpstream } from "../../testing/upstream-fixture.ts";

/** Asks through `cache` before an upstream that answers with TTL 100; gives TTLs and questions. */
async function through(directive: string, names: readonly string[]) {
  await using upstream = await startUpstream(({ questions: [question] }) => {
    const { name = "." } = question ?? {};
    if (name.startsWith("gone.")) return { rcode: 3, authorities: [soa(name)] };
    return { answers: [{ name, type: "A", class: 1, ttl: 100, address: "192.0.2.8" }] };
  });
  const corefile = `.:0 {\n bind 127.0.0.1\n ${directive}\n ${forwardTo(upstream.port)}\n}`;
  await using dns = await startDns({ corefile });
  const ttls: number[] = [];
  for (const name of names) {
    for (const protocol of ["udp", "tcp"] as const) {
      const { answers, authorities } = await ask(dns.port, name, "A", { protocol });
      ttls.push(answers[0]?.ttl ?? authorities[0]?.ttl ?? -1);
    }
  }
  return { ttls, asked: upstream.asked.map((line) => line.split(" ")[1]) };
}

function soa(name: string) {
  const numbers = { serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 90 };
  return { name, type: "SOA", class: 1, ttl: 90, mname: name, rname: name, ...numbers } as const;
}

describe("cache, over UDP and then from the cache over TCP", () => {
  it("keeps nothing longer than its TTL", async () => {
    const { ttls, asked } = await through("cache 10", ["a.test."]);
    expect(asked).toEqual(["a.test."]);
    expect(ttls[0]).toBe(10);
    expect(ttls[1]).toBeLessThanOrEqual(10);
  });

  it("keeps the names of its zones only", async () => {
    const { ttls, asked } = await through("cache example.org", ["a.example.org.", "a.test."]);
    expect(asked).toEqual(["a.example.org.", "a.test.", "a.test."]);
    expect(ttls.slice(2)).toEqual([100, 100]);
  });

  it("keeps no denials of a zone where they are disabled", async () => {
    const names = ["gone.sub.example.org.", "gone.example.org.", "a.sub.example.org."];
    const { asked } = await through("cache {\n disable denial sub.example.org\n}", names);
    expect(asked).toEqual([names[0], names[0], names[1], names[2]]);
  });
});
