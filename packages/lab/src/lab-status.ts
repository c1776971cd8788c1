import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { firstProcessInside } from "./launch/sandbox-process.ts";
import { LabError } from "./lab-error.ts";
import { CONTROL_SOCKET, type SandboxStatus } from "./sandbox/protocol.ts";
import { type LabRecord, readLabRecord } from "./state/lab-record.ts";
import type { ProcessStatus } from "./supervisor/process-spec.ts";

const CONTROL_TIMEOUT_MS = 5_000;

/** A supervised process as the host sees it: `pid` can be given to kill(1). */
export interface LabProcess extends ProcessStatus {
  /** Inside the sandbox; `pid` is the host's. */
  readonly sandboxPid?: number;
}

/** A lab now. */
export interface LabStatus {
  readonly record: LabRecord;
  readonly processes: readonly LabProcess[];
}

/** Asks a lab for its processes. Throws LabError when it does not answer. */
export async function readLabStatus(directory: string): Promise<LabStatus> {
  const record = readLabRecord(directory);
  if (record === undefined) throw notAnswering(directory);
  const response = await callSandbox(directory, "GET", "/status");
  const { processes } = JSON.parse(await text(response)) as SandboxStatus;
  const hostPids = record.sandboxPid === undefined ? new Map() : hostProcessIds(record.sandboxPid);
  return { record, processes: processes.map((one) => withHostPid(one, hostPids)) };
}

/** Sends a signal to a process of a lab. Throws LabError when it does not run. */
export async function signalLabProcess(
  directory: string,
  name: string,
  signal: NodeJS.Signals,
): Promise<void> {
  const path = `/processes/${encodeURIComponent(name)}/signal?signal=${signal}`;
  const response = await callSandbox(directory, "POST", path);
  response.resume();
  if (response.statusCode === 204) return;
  throw new LabError(
    response.statusCode === 400
      ? `There is no signal ${signal}.`
      : `No process "${name}" runs now.`,
    "kubehop status lists the processes.",
  );
}

async function callSandbox(
  directory: string,
  method: string,
  path: string,
): Promise<IncomingMessage> {
  const fd = openDirectory(directory);
  try {
    // A socket's path may have 107 bytes only; through an open folder it is always short enough.
    const socketPath = `/proc/self/fd/${fd}/${CONTROL_SOCKET}`;
    const call = request({ socketPath, method, path, agent: false, timeout: CONTROL_TIMEOUT_MS });
    call.on("timeout", () => call.destroy(new Error("timeout")));
    call.end();
    const [response] = (await once(call, "response")) as [IncomingMessage];
    return response;
  } catch (error) {
    throw notAnswering(directory, error);
  } finally {
    closeSync(fd);
  }
}

function openDirectory(directory: string): number {
  try {
    return openSync(directory, "r");
  } catch (error) {
    throw notAnswering(directory, error);
  }
}

function notAnswering(directory: string, cause?: unknown): LabError {
  return new LabError(
    `The lab in ${directory} does not answer.`,
    "It may be starting or ending: try again, or end it with kubehop down.",
    { cause },
  );
}

function withHostPid(status: ProcessStatus, hostPids: ReadonlyMap<number, number>): LabProcess {
  const { pid: sandboxPid, ...rest } = status;
  if (sandboxPid === undefined) return rest;
  const pid = hostPids.get(sandboxPid);
  return { ...rest, sandboxPid, ...(pid === undefined ? {} : { pid }) };
}

/** Process ids inside a sandbox and what they are on the host, from NSpid of /proc/PID/status. */
function hostProcessIds(sandboxPid: number): Map<number, number> {
  const ids = new Map<number, number>();
  const inside = firstProcessInside(sandboxPid) ?? sandboxPid;
  const namespace = pidNamespace(inside);
  if (namespace === undefined) return ids;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || pidNamespace(Number(name)) !== namespace) continue;
    const own = namespacedPid(name);
    if (own !== undefined) ids.set(own, Number(name));
  }
  return ids;
}

function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function namespacedPid(name: string): number | undefined {
  try {
    const line = /^NSpid:\t(.*)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
    return Number(line?.split("\t").at(-1));
  } catch {
    return undefined;
  }
}
