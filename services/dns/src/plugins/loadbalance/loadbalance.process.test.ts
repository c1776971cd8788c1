import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ask, askBoth, startDns } from "../../testing/dns-fixture.ts";
import { parseWeights } from "./weights.ts";

const HOSTS = `hosts /dev/null {
  192.0.2.1 w.test
  192.0.2.2 w.test
  10.0.0.3 w.test
}`;
const corefile = (directive: string) => `.:0 {\n bind 127.0.0.1\n ${directive}\n ${HOSTS}\n}`;

async function addresses(port: number): Promise<string[]> {
  const { answers } = await ask(port, "w.test.", "A");
  return answers.map((record) => ("address" in record ? record.address : record.type));
}

describe("loadbalance", () => {
  it("puts the address drawn by weight first, and reads the file again", async () => {
    const files = { weights: "# of w\nw.test\n192.0.2.1 255\n192.0.2.2 1\n10.0.0.3 1\n" };
    const text = corefile("loadbalance weighted weights {\n reload 10ms\n}");
    await using dns = await startDns({ corefile: text, files });
    const firsts: (string | undefined)[] = [];
    for (let round = 0; round < 100; round++) firsts.push((await addresses(dns.port))[0]);
    expect(firsts.filter((ip) => ip === "192.0.2.1").length).toBeGreaterThan(90);
    expect(new Set(await addresses(dns.port)).size).toBe(3);
    await dns.writeFile("weights", "w.test\n10.0.0.3 255\n");
    await waitFor(async () => (await addresses(dns.port))[0] === "10.0.0.3");
  });

  it("puts preferred networks first", async () => {
    await using dns = await startDns({
      corefile: corefile("loadbalance round_robin {\n prefer 10.0.0.0/8\n}"),
    });
    for (let round = 0; round < 10; round++) {
      expect((await addresses(dns.port))[0]).toBe("10.0.0.3");
    }
  });

  it("shuffles", async () => {
    await using dns = await startDns({ corefile: corefile("loadbalance") });
    const seen = new Set<string>();
    await waitFor(async () => seen.add((await addresses(dns.port)).join()).size === 6);
    expect((await askBoth(dns.port, "none.test.", "A")).answers).toEqual([]);
  });

  it.each([
    ["1.2.3.4 5", "line 1: an address before any name"],
    ["a\n1.2.3.4 0", 'line 2: "1.2.3.4 0" is not NAME or ADDRESS WEIGHT'],
    ["a\n1.2.3.4 256", "is not NAME or ADDRESS WEIGHT"],
    ["a b", '"a b" is not NAME or ADDRESS WEIGHT'],
  ])("refuses weights %j", (text, message) => {
    expect(() => parseWeights(text)).toThrow(message);
  });
});
