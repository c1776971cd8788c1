import { spawnSync } from "node:child_process";
import { buildTable } from "@kubehop/routing";
import { serviceFixture } from "@kubehop/routing/testing";
import { describe, expect, test } from "vitest";
import { renderRules } from "./render-rules.ts";
import type { RulesMode } from "./render-rules.ts";
import { GOLDEN_OPTIONS, goldenTable } from "./testing/golden-table.ts";

/** How the kernel's own tools check a text, without changing anything outside a new namespace. */
const CHECKS: readonly Check[] = [
  {
    mode: "iptables",
    command: ["iptables-restore", "--test", "--noflush"],
    probe: [
      "*nat",
      ":TRY - [0:0]",
      "-A TRY -m comment --comment try -m statistic --mode random --probability 0.5 -j RETURN",
      "-A TRY -m recent --name try --set -m addrtype --dst-type LOCAL -j RETURN",
      "-A TRY -m conntrack --ctstate NEW -m mark --mark 1/1 -j MARK --or-mark 1",
      "-A TRY -m udp -p udp --dport 1 -j DNAT --to-destination 192.0.2.1:1",
      "-A TRY -j MASQUERADE --random-fully",
      "COMMIT",
    ],
  },
  {
    mode: "nftables",
    command: ["nft", "--check", "--file", "-"],
    probe: [
      'add table ip try { comment "try" ; }',
      "add set ip try seen { type ipv4_addr ; flags dynamic,timeout ; timeout 9s ; }",
      "add chain ip try first { type nat hook prerouting priority -100 ; }",
      "add rule ip try first fib saddr type local update @seen { ip saddr }",
      "add rule ip try first meta l4proto tcp dnat ip to numgen random mod 1 map { 0 : 192.0.2.1 . 1 }",
    ],
  },
];

const NAMESPACE = "unshare";
const OPTIONS = ["--user", "--map-root-user", "--net", "--mount", "sh", "-c"];

interface Check {
  readonly mode: RulesMode;
  readonly command: readonly string[];
  /** A text with everything that rules use: kernels and tools that cannot do it are no test. */
  readonly probe: readonly string[];
}

describe.each(CHECKS)("$mode", ({ mode, command, probe }) => {
  const [tool = ""] = command;

  test.for([undefined, "default/shop", "default/sticky", "default/empty"])(
    `${tool} takes the rules of %s`,
    (service, { skip }) => {
      const problem = whyNot(command, probe);
      if (problem !== undefined) skip(problem);
      const options = { ...GOLDEN_OPTIONS, mode, ...(service !== undefined && { service }) };
      const text = renderRules(goldenTable(), options);
      const { status, stderr } = inNamespace(command, text);
      expect(stderr).toBe("");
      expect(status).toBe(0);
    },
  );

  test(`${tool} takes a Service with the longest names`, ({ skip }) => {
    const problem = whyNot(command, probe);
    if (problem !== undefined) skip(problem);
    const [name, namespace, port] = ["s".repeat(63), "n".repeat(63), "p".repeat(63)];
    const ports = [{ name: port, port: 80, protocol: "TCP" as const }];
    const service = serviceFixture({ name, namespace, ports });
    const table = buildTable([service], [], { name: "node-1", addresses: ["172.31.0.11"] }, "1");
    const { status, stderr } = inNamespace(command, renderRules(table, { mode }));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test(`${tool} refuses broken rules, so the checks above mean something`, ({ skip }) => {
    const problem = whyNot(command, probe);
    if (problem !== undefined) skip(problem);
    const text = renderRules(goldenTable(), { ...GOLDEN_OPTIONS, mode });
    expect(inNamespace(command, text.replaceAll("10.96.0.50", "10.96.0.500")).status).not.toBe(0);
  });
});

/** Why a tool cannot be asked on this machine. */
function whyNot(command: readonly string[], probe: readonly string[]): string | undefined {
  const space = inNamespace(["true"], "");
  if (space.status !== 0) return `no user and network namespace: ${space.stderr.trim()}`;
  const { status, stderr } = inNamespace(command, `${probe.join("\n")}\n`);
  return status === 0 ? undefined : `${command[0]} cannot be used: ${stderr.trim()}`;
}

/** /run is the namespace's own: iptables keeps its lock there. */
function inNamespace(
  command: readonly string[],
  input: string,
): { status: number | null; stderr: string } {
  const script = 'mount -t tmpfs tmpfs /run && PATH="$PATH:/usr/sbin:/sbin" exec "$@"';
  const { status, stderr, error } = spawnSync(NAMESPACE, [...OPTIONS, script, "sh", ...command], {
    input,
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, stderr: error === undefined ? stderr : error.message };
}
