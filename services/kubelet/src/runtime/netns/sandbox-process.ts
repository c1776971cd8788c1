import { spawn, execFile } from "node:child_process";
import { mkdirSync, watch, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { dataPath } from "@kubehop/kit/programs";
import { promisify } from "node:util";
import { TOOL_ENV } from "./container-process.ts";
import { nodeCommands, type PodNetwork, podCommands } from "./network.ts";
import { readMark, type SandboxRecord, writeRecord } from "./pod-directory.ts";
import {
  isAlive,
  killNamespace,
  parseStat,
  type ProcessId,
  utsNamespace,
} from "./process-table.ts";

/** How long the commands of one sandbox may take, in ms. */
const DEADLINE_MS = 20_000;

/** How often and how long to look whether killed processes are gone. */
const KILL_ROUNDS = 200;
const KILL_ROUND_MS = 5;

const SCRIPT = dataPath("services/kubelet/src/runtime/netns/sandbox.sh");

/**
 * Makes the namespaces and the network of a pod and starts its pause process, detached. Rejects
 * with what the failing command said.
 */
export async function startSandbox(
  directory: string,
  record: SandboxRecord,
  gateway: string,
): Promise<ProcessId> {
  mkdirSync(directory, { recursive: true });
  if (record.netns !== undefined && record.veth !== undefined) {
    const { netns, veth, ips } = record;
    const network: PodNetwork = { netns, veth, ips, gateway };
    writeFileSync(join(directory, "node.ip"), nodeCommands(network));
    writeFileSync(join(directory, "pod.ip"), podCommands(network));
  }
  writeRecord(join(directory, "sandbox.json"), record);
  const child = spawn(
    "/bin/sh",
    [SCRIPT, directory, record.netns ?? "-", record.spec.hostname.slice(0, 63)],
    { cwd: "/", detached: true, env: TOOL_ENV, stdio: "ignore" },
  );
  child.unref();
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  await Promise.race([marked(directory), ended]);
  const pause = pauseProcess(directory);
  if (pause !== undefined && isAlive(pause)) return pause;
  const said = readMark(join(directory, "error"))?.text ?? "its shell ended without a word";
  throw new Error(`failed to set up the sandbox of pod ${record.spec.name}: ${said}`);
}

/** The pause process of a sandbox, as its mark tells. */
export function pauseProcess(directory: string): ProcessId | undefined {
  const mark = readMark(join(directory, "started"));
  return mark === undefined ? undefined : parseStat(mark.text);
}

/**
 * Kills every process of a pod, found by the UTS namespace of one known to be its, takes its
 * network away and removes its directory.
 */
export async function removeSandboxFiles(
  directory: string,
  record: SandboxRecord | undefined,
  known: readonly ProcessId[],
): Promise<void> {
  const alive = known.find(isAlive);
  const namespace = alive === undefined ? undefined : utsNamespace(alive.pid);
  if (namespace !== undefined) await killAll(namespace);
  if (record?.netns !== undefined && record.veth !== undefined) {
    await deleteNetwork(record.veth, record.netns);
  }
  await rm(directory, { recursive: true, force: true });
}

async function killAll(namespace: string): Promise<void> {
  for (let round = 0; killNamespace(namespace) > 0; round += 1) {
    if (round === KILL_ROUNDS) throw new Error(`processes of ${namespace} survive SIGKILL`);
    await delay(KILL_ROUND_MS);
  }
}

/** Takes what exists of a pod's network away; what is missing is fine. */
async function deleteNetwork(veth: string, netns: string): Promise<void> {
  const commands = `link del ${veth}\nnetns del ${netns}\n`;
  const run = promisify(execFile)("ip", ["-force", "-batch", "-"], { timeout: DEADLINE_MS });
  run.child.stdin?.end(commands);
  await run.catch(() => undefined);
}

/** Settles when the pause process has written its mark, or after the deadline. */
async function marked(directory: string): Promise<void> {
  using stack = new DisposableStack();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DEADLINE_MS);
    const watcher = watch(directory, () => {
      if (pauseProcess(directory) !== undefined) resolve();
    });
    watcher.on("error", () => resolve());
    stack.defer(() => clearTimeout(timer));
    stack.defer(() => watcher.close());
    if (pauseProcess(directory) !== undefined) resolve();
  });
}
