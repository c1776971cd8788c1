import { type IpFamily, isInRange } from "@kubehop/routing";
import type { Logger } from "@kubehop/kit";
import type { KernelCommands } from "./kernel/commands.ts";

/**
 * The routes that make a node answer for addresses of Services as for its own. A process can bind
 * only such addresses. Rules in the kernel are better off without: upstream's nodes have no such
 * routes, and what goes to an unused address shall not be taken for the node's.
 */
export interface AnyIp {
  /** Makes the service CIDRs local. */
  add(): Promise<void>;
  /** Takes that back. */
  remove(): Promise<void>;
  /** Makes an address local that is neither the node's own nor in those ranges. */
  take(ip: string): Promise<void>;
  /** Takes that back. */
  release(ip: string): Promise<void>;
}

/** What the routes are made with. */
export interface AnyIpOptions {
  readonly commands: KernelCommands;
  readonly serviceCidrs: readonly string[];
  /** Addresses that are local anyway. */
  readonly nodeIps: readonly string[];
  readonly logger: Logger;
}

/** Creates the routes' keeper. A route that cannot be set is warned of; nothing is thrown. */
export function createAnyIp(options: AnyIpOptions): AnyIp {
  const { commands, serviceCidrs, nodeIps, logger } = options;
  const outside = (ip: string): boolean =>
    !nodeIps.includes(ip) && !serviceCidrs.some((cidr) => isInRange(ip, cidr)) && !isLoopback(ip);
  async function route(destination: string, local: boolean): Promise<void> {
    const version = familyOf(destination) === "IPv6" ? "-6" : "-4";
    const verb = local ? "add" : "del";
    const result = await commands.run([
      ...(["ip", version, "route", verb, "local", destination, "dev", "lo"] as const),
    ]);
    // Neither is a failure: to add what is there, and to remove what is not.
    if (result.code === 0 || !local || result.stderr.includes("File exists")) return;
    if (await isLocal(destination)) return;
    logger.warn({ destination, cause: result.stderr.trim() }, "address range not made local");
  }
  /** Whether somebody else has made an address local, for a process that may not. */
  async function isLocal(destination: string): Promise<boolean> {
    const [ip = ""] = destination.split("/");
    const { code, stdout } = await commands.run(["ip", "route", "get", ip]);
    return code === 0 && stdout.startsWith("local ");
  }
  const all = async (local: boolean): Promise<void> => {
    await Promise.all(serviceCidrs.map((cidr) => route(cidr, local)));
  };
  return {
    add: () => all(true),
    remove: () => all(false),
    take: async (ip) => (outside(ip) ? route(ip, true) : undefined),
    release: async (ip) => (outside(ip) ? route(ip, false) : undefined),
  };
}

function isLoopback(ip: string): boolean {
  return ip.startsWith("127.") || ip === "::1";
}

/** The family of an address or CIDR. */
export function familyOf(text: string): IpFamily {
  return text.includes(":") ? "IPv6" : "IPv4";
}
