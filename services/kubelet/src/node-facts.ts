import { readFileSync } from "node:fs";
import { arch, availableParallelism, release, totalmem } from "node:os";
import type { NodeDescription } from "./node-status.ts";

/** Go's names of the architectures Node names otherwise. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** What the machine says of itself. */
export type MachineFacts = Pick<
  NodeDescription,
  "architecture" | "bootId" | "kernelVersion" | "machineId" | "osImage"
>;

/** Reads what the machine says of itself; what it does not say is "". */
export function readMachine(): MachineFacts {
  return {
    architecture: GO_ARCHITECTURES[arch()] ?? arch(),
    bootId: readText("/proc/sys/kernel/random/boot_id"),
    kernelVersion: release(),
    machineId: readText("/etc/machine-id"),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(readText("/etc/os-release"))?.[1] ?? "Linux",
  };
}

/** The node's resources; nodes of a lab share the machine and each counts all of it. */
export function readCapacity(maxPods: number): Record<string, string> {
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1_024)}Ki`,
    pods: String(maxPods),
  };
}

/** A small file's text without the newline at its end; "" when it cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8").trimEnd();
  } catch {
    return "";
  }
}
