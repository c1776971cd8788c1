import { execFile } from "node:child_process";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { NodeAddresses, Topology } from "../topology.ts";
import {
  fabricBatch,
  fabricSysctls,
  netnsPath,
  nodeBatch,
  nodeCommand,
  nodeSysctls,
} from "./network-plan.ts";

const execute = promisify(execFile);

/** What the network of a sandbox is made from. */
export interface NetworkOptions {
  readonly topology: Topology;
  /** The range of NodePorts, e.g. 30000-32767. */
  readonly nodePorts: string;
  /** A file that becomes /etc/resolv.conf of the nodes. */
  readonly resolvConf: string;
}

/**
 * Builds the fabric and the nodes inside the sandbox's own namespaces. Throws naming the command
 * that failed. Must run once, first thing.
 */
export async function buildNetwork(options: NetworkOptions): Promise<void> {
  const { topology } = options;
  await replaceRun(options.resolvConf);
  await ipBatch(["ip", "-batch", "-"], fabricBatch(topology));
  await Promise.all([
    ...fabricSysctls(topology).map(([path, value]) => {
      return writeFile(`/proc/sys/${path}`, value).catch(() => {});
    }),
    ...topology.nodes.map((node) => buildNode(node, options)),
  ]);
}

/**
 * Puts an empty file system over /run: `ip netns` can write there, and the host's sockets (Docker,
 * systemd-resolved, nscd) are out of reach. /etc/resolv.conf may be a link into /run, so its
 * target is looked up before.
 */
async function replaceRun(resolvConf: string): Promise<void> {
  const target = await realpath("/etc/resolv.conf");
  await execute("mount", ["-t", "tmpfs", "tmpfs", "/run"]);
  await mkdir("/run/netns", { recursive: true });
  await mkdir(dirname(target), { recursive: true });
  if (target.startsWith("/run/")) await writeFile(target, "", { flag: "a" });
  await execute("mount", ["--bind", resolvConf, target]);
}

async function buildNode(node: NodeAddresses, options: NetworkOptions): Promise<void> {
  const command = nodeCommand(nodeSysctls(options.topology, options.nodePorts));
  await ipBatch(
    ["nsenter", `--net=${netnsPath(node.name)}`, "sh", "-c", command],
    nodeBatch(node, options.topology),
  );
  const forwarding = await readForwarding(node);
  if (forwarding !== "1") {
    throw new Error(
      `Node ${node.name} does not forward packets and /proc/sys cannot be written. ` +
        "In a container add --security-opt systempaths=unconfined.",
    );
  }
}

async function readForwarding(node: NodeAddresses): Promise<string> {
  const { stdout } = await execute("nsenter", [
    `--net=${netnsPath(node.name)}`,
    "cat",
    "/proc/sys/net/ipv4/ip_forward",
  ]);
  return stdout.trim();
}

async function ipBatch([program, ...args]: string[], lines: readonly string[]): Promise<void> {
  const running = execute(program ?? "ip", args);
  running.child.stdin?.end(`${lines.join("\n")}\n`);
  try {
    await running;
  } catch (error) {
    const output = String((error as { stderr?: unknown }).stderr).trim();
    const line = Number(/Command failed -:(\d+)/.exec(output)?.[1]);
    const command = lines[line - 1] ?? lines[0];
    throw new Error(`"ip ${command}" failed: ${output.split("\n")[0]}`, { cause: error });
  }
}
