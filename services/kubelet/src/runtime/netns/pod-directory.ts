import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerId, ContainerSpec, SandboxSpec } from "../runtime.ts";
import type { ProcessId } from "./process-table.ts";

/** What is kept of a sandbox, in sandboxes/UID/sandbox.json. */
export interface SandboxRecord {
  readonly spec: SandboxSpec;
  readonly ips: readonly string[];
  /** Name under /run/netns; absent with hostNetwork. */
  readonly netns?: string;
  /** The node's end of the veth pair; absent with hostNetwork. */
  readonly veth?: string;
  /** unix ms. */
  readonly createdAt: number;
}

/** What is kept of a container, in sandboxes/UID/containers/NAME/ATTEMPT/container.json. */
export interface ContainerRecord {
  readonly id: ContainerId;
  readonly image: string;
  readonly logPath: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** unix ms. */
  readonly createdAt: number;
  /** How long its standard input is open; absent when it has none. */
  readonly stdin?: ContainerSpec["stdin"];
  /** The shell that is the program's parent and writes its end; absent until it runs. */
  readonly shim?: ProcessId;
}

/** A fact the shell scripts leave in a file: its text and when it was written (unix ms). */
export interface Mark {
  readonly text: string;
  readonly time: number;
}

/** The directory of a container under its sandbox's. */
export function containerDirectory(sandboxes: string, id: ContainerId): string {
  return join(sandboxes, id.podUid, "containers", id.name, String(id.attempt));
}

/** Writes a JSON file whole or not at all; only its owner may read it. */
export function writeRecord(path: string, value: unknown): void {
  writeFileSync(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Reads a JSON file that writeRecord wrote; undefined when it is missing or broken. */
export function readRecord(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads a mark; undefined until its line is complete. */
export function readMark(path: string): Mark | undefined {
  try {
    const text = readFileSync(path, "utf8");
    return text.endsWith("\n") ? { text: text.trim(), time: statSync(path).mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Names in a directory; none when it is missing. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
