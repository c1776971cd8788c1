import { readFile } from "node:fs/promises";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ask, type DnsFixture, recordLines, startDns } from "../testing/dns-fixture.ts";

function corefile(sockets: string, address: string): string {
  return `.:0 {
    bind 127.0.0.1
    ready 127.0.0.1:0
    prometheus 127.0.0.1:0
    ${sockets}
    hosts /dev/null {
        ${address} a.example
        192.0.2.7 b.example
        reload 0
    }
}`;
}

/** Sockets that are bound to a UDP port. */
async function socketsOf(port: number): Promise<number> {
  const suffix = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const table = await readFile("/proc/net/udp", "utf8");
  return table.split("\n").filter((line) => line.trim().split(/\s+/)[1] === suffix).length;
}

async function answersOf(port: number, count: number): Promise<Set<string>> {
  const answers = new Set<string>();
  // Each from a port of its own, so that the kernel spreads them.
  const all = Array.from({ length: count }, () => ask(port, "a.example.", "A"));
  for (const { answers: records } of await Promise.all(all)) {
    for (const line of recordLines(records)) answers.add(line);
  }
  return answers;
}

/** The sum of a metric's series, as a scraper sees it. */
async function scrape({ server }: DnsFixture, name: string): Promise<number> {
  const port = server.httpPort("127.0.0.1:0");
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

describe("multisocket", () => {
  it("answers from as many threads, counts for all of them, and reloads all of them", async () => {
    const text = corefile("multisocket 3", "192.0.2.1");
    await using dns = await startDns({ corefile: text });
    expect(dns.server.ready()).toBe(true);
    expect(await socketsOf(dns.port)).toBe(3);

    expect([...(await answersOf(dns.port, 64))]).toEqual(["a.example. 3600 A 192.0.2.1"]);
    await ask(dns.port, "b.example.", "A", { protocol: "tcp" });
    // A thread that is too busy to say in time is counted as it was before.
    await waitFor(async () => (await scrape(dns, "coredns_dns_requests_total")) >= 65);
    expect(await scrape(dns, "coredns_dns_requests_total")).toBe(65);
    expect(await scrape(dns, "coredns_dns_response_size_bytes_count")).toBe(65);
    expect(await scrape(dns, "coredns_build_info")).toBe(1);
    expect(await scrape(dns, "coredns_plugin_enabled")).toBe(5);
    // What the process's own thread answered is a part only.
    const own = await dns.metric("coredns_dns_requests_total");
    expect(Number(own.trim().split(" ").at(-1))).toBeLessThan(64);

    await dns.writeCorefile(corefile("multisocket 2", "192.0.2.2"));
    await dns.server.checkCorefile();
    expect([...(await answersOf(dns.port, 64))]).toEqual(["a.example. 3600 A 192.0.2.2"]);
    expect(await socketsOf(dns.port)).toBe(2);
  });

  it("keeps the old Corefile in all threads over a mistake", async () => {
    await using dns = await startDns({ corefile: corefile("multisocket 2", "192.0.2.1") });
    await dns.writeCorefile(corefile("multisocket 0", "192.0.2.2"));
    await dns.server.checkCorefile();
    expect([...(await answersOf(dns.port, 40))]).toEqual(["a.example. 3600 A 192.0.2.1"]);
    await waitFor(() =>
      dns.log.some((line) => line.includes("Corefile changed but reload failed")),
    );
  });
});
