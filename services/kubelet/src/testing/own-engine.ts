import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@kubehop/testkit";
import { createEngine, type Engine } from "../runtime/docker/engine.ts";

/** A Docker Engine of a test's own, which may be stopped. */
export interface OwnEngine extends AsyncDisposable {
  readonly endpoint: string;
  start(): Promise<void>;
  /** Stops the engine; its containers go on (live restore). */
  stop(): Promise<void>;
}

/** Why no engine can be started here; undefined when one can. */
export function ownEngineProblem(): string | undefined {
  if (process.getuid?.() !== 0) return "an engine needs root";
  const found = spawnSync("dockerd", ["--version"], { stdio: "ignore" });
  return found.status === 0 ? undefined : "there is no dockerd";
}

/** Starts an engine with the image `image` of the engine at `from`; everything of it is removed. */
export async function startOwnEngine(from: string, image: string): Promise<OwnEngine> {
  const directory = mkdtempSync(join(tmpdir(), "kubehop-engine-"));
  const endpoint = `unix://${directory}/docker.sock`;
  await using parts = new AsyncDisposableStack();
  parts.defer(() => removeDirectory(directory));
  let daemon: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    // In a network of its own: an engine without a default network deletes docker0 where it runs.
    const command = ["--net", "dockerd", ...daemonFlags(directory, endpoint)];
    daemon = spawn("unshare", command, { stdio: "ignore" });
    await using engine = createEngine(endpoint);
    await waitFor(() => engine.negotiate().catch(() => undefined), { timeoutMs: 60_000 });
  };
  const stop = async (): Promise<void> => {
    if (daemon === undefined) return;
    const ended = once(daemon, "exit");
    daemon.kill("SIGTERM");
    await ended;
    daemon = undefined;
  };
  await start();
  parts.defer(stop);
  parts.defer(() => removeContainers(endpoint));
  const copy = `docker --host ${from} save ${image} | docker --host ${endpoint} load`;
  const { status, stderr } = spawnSync("sh", ["-c", copy], { encoding: "utf8" });
  if (status !== 0) throw new Error(`image ${image} not copied: ${stderr}`);
  const all = parts.move();
  return { endpoint, start, stop, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function daemonFlags(directory: string, endpoint: string): string[] {
  return [
    `--data-root=${directory}/data`,
    `--exec-root=${directory}/exec`,
    `--pidfile=${directory}/docker.pid`,
    `--host=${endpoint}`,
    // It shares the machine with another engine: no rules, no default network.
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--live-restore",
  ];
}

/** With live restore the engine leaves mounts of its own behind. */
function removeDirectory(directory: string): void {
  const targets = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((target) => target.startsWith(`${directory}/`));
  for (const target of targets.toSorted().toReversed()) spawnSync("umount", ["--lazy", target]);
  rmSync(directory, { recursive: true, force: true });
}

async function removeContainers(endpoint: string): Promise<void> {
  await using engine: Engine = createEngine(endpoint);
  await engine.negotiate();
  const all = await engine.call<{ Id: string }[]>({
    method: "GET",
    path: "/containers/json",
    query: { all: true },
  });
  for (const { Id } of all) {
    await engine.call({ method: "DELETE", path: `/containers/${Id}`, query: { force: true } });
  }
}
