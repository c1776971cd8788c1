import { readdirSync, readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli, startCli } from "../support/cli-process.ts";
import type { CliProcess } from "../support/cli-process.ts";
import { descendants, hostProcesses, mountsMentioning } from "../support/processes.ts";
import type { HostProcess } from "../support/processes.ts";
import { whyNoLab } from "../support/requirements.ts";

const START_MS = 150_000;
const END_MS = 60_000;
/** A lab, and another after it. */
const TWICE = { timeout: 2 * (START_MS + END_MS) };
const NO_LAB = whyNoLab();

describe.skipIf(NO_LAB !== undefined)(`the launcher ${NO_LAB ?? ""}`, () => {
  let home = "";

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "kubehop-launcher-"));
  });

  afterAll(() => rm(home, { recursive: true, force: true }));

  test("kubehop start shows the path of a request; Ctrl-C leaves nothing", async () => {
    await using launcher = await startLabByCli("shown");
    for (const step of ["10.96.0.10", "10.96.0.50", "my-api.default.svc.cluster.local", "200"]) {
      expect(launcher.stdout()).toContain(step);
    }
    const children = descendants(launcher.pid);
    expect(children.length).toBeGreaterThan(10);
    const networks = networksOf(children);
    expect(networks.size).toBeGreaterThan(10);
    launcher.signal("SIGINT");
    await launcher.exited;
    await waitFor(() => survivors(children).length === 0, {
      timeoutMs: END_MS,
      describe: () => `these to end: ${JSON.stringify(survivors(children))}`,
    });
    // Also those that came after its children were counted: probes, commands.
    const left = () => hostProcesses().filter(({ pid }) => networks.has(networkOf(pid)));
    await waitFor(() => left().length === 0, {
      timeoutMs: END_MS,
      describe: () => `these to leave the lab's networks: ${JSON.stringify(left())}`,
    });
    expect(mountsMentioning(home)).toEqual([]);
    expect(labFolders()).toEqual([]);
  });

  test("kill -9 of the launcher ends every process; the name is free again", TWICE, async () => {
    await using launcher = await startLabByCli("killed");
    const children = descendants(launcher.pid);
    launcher.signal("SIGKILL");
    expect(await launcher.exited).toBe("SIGKILL");
    await waitFor(() => survivors(children).length === 0, {
      timeoutMs: END_MS,
      describe: () => `these to end: ${JSON.stringify(survivors(children))}`,
    });
    expect(mountsMentioning(home)).toEqual([]);
    await using again = await startLabByCli("killed");
    again.signal("SIGTERM");
    await again.exited;
    expect(labFolders()).toEqual([]);
  });

  test("kubehop trace -o json has every hop; status lists the processes", async () => {
    await using launcher = await startLabByCli("traced");
    const traced = await runCli(home, [
      "trace",
      "http://my-api/hello",
      "-o",
      "json",
      "--name",
      "traced",
    ]);
    expect(traced).toMatchObject({ code: 0, stderr: "" });
    const trace = JSON.parse(traced.stdout) as Record<string, unknown>;
    expect(trace).toMatchObject({
      complete: true,
      queries: expect.arrayContaining([
        expect.objectContaining({
          name: "my-api.default.svc.cluster.local",
          answers: ["10.96.0.50"],
          proxy: expect.objectContaining({ type: "forwarded", protocol: "UDP" }),
          resolved: expect.objectContaining({ type: "resolved", rcode: "NOERROR" }),
        }),
      ]),
      connection: expect.objectContaining({
        remote: { ip: "10.96.0.50", port: 80 },
        proxy: expect.objectContaining({
          type: "forwarded",
          candidates: expect.arrayContaining([expect.objectContaining({ weight: 1 })]),
        }),
      }),
      response: expect.objectContaining({ status: 200 }),
    });
    const status = await runCli(home, ["status", "--name", "traced"]);
    for (const name of [
      "nats-server",
      "apiserver",
      "controller-manager",
      "kubelet/node-1",
      "kube-proxy/node-3",
    ]) {
      expect(status.stdout).toContain(name);
    }
    const failed = await runCli(home, ["trace", "http://nobody/", "--name", "traced"]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("NXDOMAIN");
    launcher.signal("SIGINT");
    await launcher.exited;
  });

  test("two labs of the same name are refused, with what to do", async () => {
    await using launcher = await startLabByCli("twice");
    const second = await runCli(home, ["up", "--name", "twice"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/runs already/);
    expect(second.stderr).toContain("kubehop down --name twice");
    const down = await runCli(home, ["down", "--name", "twice"]);
    expect(down.code).toBe(0);
    await launcher.exited;
    expect(labFolders()).toEqual([]);
  });

  async function startLabByCli(name: string): Promise<CliProcess> {
    const launcher = startCli(home, ["start", "--name", name]);
    await waitFor(() => launcher.stdout().includes("Ctrl-C ends the lab"), {
      timeoutMs: START_MS,
      describe: () => `kubehop start to be ready; it said:\n${launcher.output()}`,
    });
    return launcher;
  }

  function labFolders(): string[] {
    return readdirSync(join(home, "labs"));
  }
});

/** Which of some processes still run; a number that another program has by now does not count. */
function survivors(processes: readonly HostProcess[]): HostProcess[] {
  const running = new Map(hostProcesses().map((one) => [one.pid, one.command]));
  return processes.filter((one) => running.get(one.pid) === one.command);
}

/** The network namespaces of some processes, our own left out. */
function networksOf(processes: readonly HostProcess[]): Set<string> {
  const networks = new Set(processes.map(({ pid }) => networkOf(pid)));
  networks.delete(networkOf(process.pid));
  networks.delete("");
  return networks;
}

function networkOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}
