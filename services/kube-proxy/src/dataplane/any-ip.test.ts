import { createLogger } from "@kubehop/kit";
import { describe, expect, it } from "vitest";
import { createAnyIp } from "./any-ip.ts";
import type { CommandResult } from "./kernel/commands.ts";
import { createLocalAddresses } from "./userspace/local-addresses.ts";

function setUp(answer: Partial<CommandResult> = {}, route: Partial<CommandResult> = {}) {
  const ran: string[] = [];
  const told: string[] = [];
  const write = (line: string): void => void told.push(JSON.parse(line).destination);
  const anyIp = createAnyIp({
    commands: {
      run: async (command) => {
        ran.push(command.join(" "));
        const said = command[2] === "get" ? route : answer;
        return { code: 0, stdout: "", stderr: "", ...said };
      },
      follow: () => new DisposableStack(),
    },
    serviceCidrs: ["10.96.0.0/16", "fd00:10:96::/112"],
    nodeIps: ["172.31.0.11"],
    logger: createLogger({ name: "test", level: "warn", destination: { write } }),
  });
  return { anyIp, ran, told };
}

describe("createAnyIp", () => {
  it("routes the ranges of cluster IPs to the node itself, and no longer", async () => {
    const { anyIp, ran } = setUp();
    await anyIp.add();
    await anyIp.remove();
    expect(ran).toEqual([
      "ip -4 route add local 10.96.0.0/16 dev lo",
      "ip -6 route add local fd00:10:96::/112 dev lo",
      "ip -4 route del local 10.96.0.0/16 dev lo",
      "ip -6 route del local fd00:10:96::/112 dev lo",
    ]);
  });

  it.each(["172.31.0.11", "10.96.7.7", "127.0.0.9", "::1"])("leaves %s alone", async (ip) => {
    const { anyIp, ran } = setUp();
    await anyIp.take(ip);
    await anyIp.release(ip);
    expect(ran).toEqual([]);
  });

  const REFUSED = { code: 2, stderr: "Operation not permitted" };

  it("goes on when a route is refused, and tells of it", async () => {
    const { anyIp, told } = setUp(REFUSED, { stdout: "192.0.2.7 via 172.31.0.1 dev eth0\n" });
    await anyIp.add();
    await anyIp.take("192.0.2.7");
    expect(told).toEqual(["10.96.0.0/16", "fd00:10:96::/112", "192.0.2.7"]);
  });

  it("says nothing of an address that somebody else has made local", async () => {
    const { anyIp, told } = setUp(REFUSED, { stdout: "local 192.0.2.7 dev lo src 192.0.2.7\n" });
    await anyIp.take("192.0.2.7");
    expect(told).toEqual([]);
  });
});

describe("createLocalAddresses", () => {
  it("takes an address with its first user and gives it up with the last", async () => {
    const { anyIp, ran } = setUp();
    const addresses = createLocalAddresses(anyIp);
    await addresses.take("192.0.2.7");
    await addresses.take("192.0.2.7");
    await addresses.release("192.0.2.7");
    expect(ran).toEqual(["ip -4 route add local 192.0.2.7 dev lo"]);
    await addresses.release("192.0.2.7");
    expect(ran.at(-1)).toBe("ip -4 route del local 192.0.2.7 dev lo");
  });
});
