import { type FSWatcher, closeSync, mkdirSync, openSync, watch, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { dataPath } from "@kubehop/kit/programs";
import { dirname, join } from "node:path";
import { type ContainerSpec, ContainerStartError, type ContainerState } from "../runtime.ts";
import { type ContainerRecord, readMark, writeRecord } from "./pod-directory.ts";
import { isAlive, parseStat, type ProcessId, readProcess } from "./process-table.ts";
import { fstabText, planRoot, type RootPlan, type RootRequest } from "./root-plan.ts";
import type { NodeProgram } from "./program.ts";
import { quote } from "./shell-quote.ts";
import { inTerminal } from "./terminal.ts";
import { nodeFiles, writeSkeleton } from "./skeleton.ts";

/** A container that is followed until its end. */
export interface ContainerProcess extends Disposable {
  readonly record: ContainerRecord;
  /** As it is now; read again from the marks whenever they change. */
  state(): ContainerState;
  /** The main process, once it runs. */
  program(): ProcessId | undefined;
  /** Looks at the processes themselves: a shim that was killed writes no end. */
  check(): void;
}

/** Where and what a container is started in. */
export interface ContainerStart {
  readonly directory: string;
  /** The pause process, whose namespaces the container shares. */
  readonly pause: ProcessId;
  readonly spec: ContainerSpec & NodeProgram;
  readonly podUid: string;
  readonly root: Pick<RootRequest, "host" | "visible" | "files">;
  /** Most a container may write to its root, as the size option of tmpfs. */
  readonly writableSize: string;
}

/** What the scripts need to find their tools; containers get an environment of their own. */
export const TOOL_ENV: NodeJS.ProcessEnv = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
};

/** Exit code of a container of which nobody saw the end (upstream: ContainerStatusUnknown). */
const UNKNOWN_EXIT_CODE = 137;

const SCRIPT = dataPath("services/kubelet/src/runtime/netns/container.sh");

/**
 * Starts a container's shell, detached, and gives its record. Throws ContainerStartError when a
 * mount path cannot be made; what fails later is told by the marks.
 */
export function spawnContainer(start: ContainerStart): ContainerRecord {
  const { directory, spec, podUid } = start;
  mkdirSync(join(directory, "fs"), { recursive: true });
  writeRoot(start);
  writeFileSync(join(directory, "command"), commandText(spec, start.writableSize), { mode: 0o600 });
  mkdirSync(dirname(spec.logPath), { recursive: true });
  const record: ContainerRecord = {
    id: { podUid, name: spec.name, attempt: spec.attempt },
    image: spec.image,
    logPath: spec.logPath,
    env: spec.env,
    workingDir: spec.workingDir,
    createdAt: Date.now(),
    ...(spec.stdin !== undefined && { stdin: spec.stdin }),
  };
  // Written first without the shim: a kubelet that dies right here leaves no unknown container.
  writeRecord(join(directory, "container.json"), record);
  const shim = spawnShim(start);
  const whole = shim === undefined ? record : { ...record, shim };
  writeRecord(join(directory, "container.json"), whole);
  return whole;
}

function spawnShim({ directory, spec, pause }: ContainerStart): ProcessId | undefined {
  const log = openSync(spec.logPath, "a", 0o600);
  const target = [`--target=${pause.pid}`, "--net", "--uts"];
  const child = spawn("nsenter", [...target, "unshare", "--mount", "/bin/sh", SCRIPT, directory], {
    cwd: "/",
    detached: true,
    env: TOOL_ENV,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.on("error", (error) => {
    writeFileSync(join(directory, "error"), `${error.message}\n`);
    writeFileSync(join(directory, "exited"), "128\n");
  });
  child.unref();
  return child.pid === undefined ? undefined : readProcess(child.pid);
}

/** Follows a container, new or found again, and calls back whenever its phase changes. */
export function followContainer(
  directory: string,
  record: ContainerRecord,
  onChange: () => void,
): ContainerProcess {
  let state = readState(directory, record);
  let watcher: FSWatcher | undefined;
  let isFollowed = true;
  const refresh = (): void => {
    const next = readState(directory, record);
    const changed = next.phase !== state.phase;
    state = next;
    if (next.phase === "exited") watcher?.close();
    if (changed) onChange();
  };
  if (state.phase !== "exited") {
    watcher = watch(directory, refresh);
    watcher.on("error", () => watcher?.close());
    refresh();
  }
  return {
    record,
    state: () => state,
    program: () => programOf(directory),
    check() {
      // Nobody follows it any more: its directory is being removed.
      if (state.phase === "exited" || !isFollowed) return;
      const alive = [record.shim, programOf(directory)].some(
        (id) => id !== undefined && isAlive(id),
      );
      if (alive || readMark(join(directory, "exited")) !== undefined) return;
      writeFileSync(join(directory, "exited"), `${UNKNOWN_EXIT_CODE}\n`);
      refresh();
    },
    [Symbol.dispose]() {
      isFollowed = false;
      watcher?.close();
    },
  };
}

function writeRoot(start: ContainerStart): void {
  const fs = join(start.directory, "fs");
  let plan: RootPlan;
  try {
    const { mounts, tty = false } = start.spec;
    plan = planRoot({ ...start.root, fs, mounts, terminal: tty }, nodeFiles);
    writeSkeleton(plan, join(start.directory, "skeleton"));
  } catch (error) {
    throw new ContainerStartError("CreateContainerConfigError", (error as Error).message);
  }
  writeFileSync(join(start.directory, "fstab"), fstabText(plan.mounts, fs));
}

function commandText(spec: ContainerStart["spec"], size: string): string {
  const assignments = Object.entries(spec.env).map(([name, value]) => `${name}=${value}`);
  const command = spec.tty === true ? inTerminal(spec.command) : spec.command;
  const terminal = spec.tty === true && spec.env["TERM"] === undefined ? ["TERM=xterm"] : [];
  const words = ["env", "-i", ...assignments, ...terminal, ...command];
  return [
    `path=${quote(spec.env["PATH"] ?? "")}`,
    `workdir=${quote(spec.workingDir)}`,
    `size=${quote(size)}`,
    `stdin=${spec.stdin ?? ""}`,
    `set -- ${words.map(quote).join(" ")}`,
    "",
  ].join("\n");
}

function programOf(directory: string): ProcessId | undefined {
  const mark = readMark(join(directory, "started"));
  return mark === undefined ? undefined : parseStat(mark.text);
}

function readState(directory: string, record: ContainerRecord): ContainerState {
  const { id, image, logPath, createdAt } = record;
  const started = readMark(join(directory, "started"));
  const exited = readMark(join(directory, "exited"));
  const error = started === undefined ? readMark(join(directory, "error")) : undefined;
  return {
    id,
    image,
    logPath,
    createdAt,
    phase: exited === undefined ? (started === undefined ? "starting" : "running") : "exited",
    ...(started === undefined ? {} : { startedAt: started.time }),
    ...(exited === undefined ? {} : { finishedAt: exited.time, exitCode: Number(exited.text) }),
    ...(error === undefined ? {} : { startError: error.text }),
  };
}
