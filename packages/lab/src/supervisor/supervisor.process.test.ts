import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { identifyProcess } from "../state/process-identity.ts";
import type { ProcessSpec, SupervisorEvent } from "./process-spec.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

let directory: string;
let events: SupervisorEvent[];
let supervisor: Supervisor;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubehop-supervisor-"));
  events = [];
  supervisor = createSupervisor({
    logDirectory: directory,
    backOff: { firstMs: 5, mostMs: 20, stableMs: 60_000 },
    graceMs: 200,
    onEvent: (event) => events.push(event),
  });
});
afterEach(async () => {
  await supervisor[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const shell = (script: string, name = "test"): ProcessSpec => ({
  name,
  command: ["sh", "-c", script],
  env: { PATH: process.env["PATH"] ?? "" },
});
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 60_000, interval: 5 });
const log = (name = "test"): string => readFileSync(join(directory, `${name}.log`), "utf8");
const pidOf = (name = "test"): number | undefined =>
  supervisor.status().find((status) => status.name === name)?.pid;

describe("supervisor", () => {
  it("runs a process with its environment and keeps what it prints", async () => {
    supervisor.start({
      ...shell("echo $WHO; exec sleep 60"),
      env: { PATH: "/bin:/usr/bin", WHO: "me" },
    });
    await until(() => log() === "me\n");
    expect(supervisor.status()).toMatchObject([{ name: "test", state: "running", restarts: 0 }]);
  });

  it("starts a killed process again", async () => {
    supervisor.start(shell("exec sleep 60"));
    const first = pidOf();
    expect(supervisor.signal("test", "SIGKILL")).toBe(true);
    await until(() => pidOf() !== undefined && pidOf() !== first);
    expect(supervisor.status()).toMatchObject([{ restarts: 1, lastExit: "SIGKILL" }]);
    expect(events.map(({ type }) => type)).toEqual(["started", "exited", "started"]);
  });

  it("waits longer after each crash, up to the bound", async () => {
    supervisor.start(shell("exit 3"));
    const exits = (): SupervisorEvent[] => events.filter(({ type }) => type === "exited");
    await until(() => exits().length >= 4);
    expect(exits().slice(0, 4)).toMatchObject(
      [5, 10, 20, 20].map((retryMs) => ({ retryMs, reason: "exit code 3" })),
    );
  });

  it("reports a program that does not exist as an exit", async () => {
    supervisor.start({ ...shell(""), command: ["/does/not/exist"] });
    await until(() => events.length >= 1);
    expect(events[0]).toMatchObject({ type: "exited", reason: expect.stringContaining("ENOENT") });
  });

  it("ends processes that ignore SIGTERM, and starts none again", async () => {
    supervisor.start(shell("trap '' TERM; echo ready; while :; do sleep 1; done", "stubborn"));
    supervisor.start(shell("exit 1", "crashing"));
    await until(() => log("stubborn") === "ready\n");
    const pid = pidOf("stubborn") ?? 0;
    await supervisor[Symbol.asyncDispose]();
    expect(identifyProcess(pid)).toBeUndefined();
    expect(supervisor.status().map(({ state }) => state)).toEqual(["stopped", "stopped"]);
    const after = events.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(events).toHaveLength(after);
  });

  it("stops what ends last only after all others", async () => {
    const slow = "trap 'sleep 0.1; exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    supervisor.start({ ...shell("exec sleep 60", "store"), endsLast: true });
    supervisor.start(shell(slow, "user"));
    await until(() => log("user") === "ready\n");
    await supervisor[Symbol.asyncDispose]();
    const exits = events.filter(({ type }) => type === "exited");
    expect(exits.map(({ name }) => name)).toEqual(["user", "store"]);
  });

  it("refuses a second process of the same name", () => {
    supervisor.start(shell("exec sleep 60"));
    expect(() => supervisor.start(shell("true"))).toThrow('a process "test" already');
    expect(supervisor.signal("other", "SIGTERM")).toBe(false);
  });

  it("hands a listening socket over as descriptor 3", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    supervisor.start({ ...shell("readlink /proc/self/fd/3"), listenFd: fd });
    await until(() => log().startsWith("socket:"));
    server.close();
  });
});
