import { execFileSync } from "node:child_process";
import { type BenchNode, inside } from "./network.ts";
import { BACKEND_PORTS, FRONT_PORTS } from "./wire.ts";

const NAMES = ["web", "plain", "udp"] as const;

/**
 * Has a node translate the Service's address with a rule for each port and nothing else: what any
 * translation by the kernel costs, its connection tracking included. False where nft cannot.
 */
export function addBareDnat({ namespace, clusterIp, backendIp }: BenchNode): boolean {
  const rules = NAMES.map((name) => {
    const protocol = name === "udp" ? "udp" : "tcp";
    const match = `ip daddr ${clusterIp} ${protocol} dport ${FRONT_PORTS[name]}`;
    return `${match} dnat to ${backendIp}:${BACKEND_PORTS[name]}`;
  });
  const hook = "type nat hook prerouting priority -100 ;";
  const table = `table ip bare {\n chain prerouting {\n ${[hook, ...rules].join("\n ")}\n }\n}\n`;
  const [program, ...args] = inside(namespace, "nft", "-f", "-");
  try {
    execFileSync(program, args, { input: table, stdio: ["pipe", "ignore", "ignore"] });
    return true;
  } catch {
    return false;
  }
}
