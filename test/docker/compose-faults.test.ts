import { waitFor } from "@kubehop/testkit";
import { expect, test } from "vitest";
import { endpointsReady, slicesOf, newestVersion, readyAddresses } from "../support/cluster.ts";
import type { ComposeLab } from "../support/compose-lab.ts";
import { describeComposeLab } from "../support/describe-compose-lab.ts";
import { dockerOk } from "../support/engine.ts";
import { recordHops } from "../support/hops.ts";

const URL = "http://my-api/hello";
const BY_ADDRESS = "http://10.96.0.50/hello";
const NODES = ["node-1", "node-2"];
/** Once a second with a timeout of 1 s, taken out after one failure: as docker-compose.yml says. */
const PROBE_MS = 2_000;
const EVENT_MS = 300;
const REQUEST_TIMEOUT_MS = 1_000;
const HANG_MS = PROBE_MS + REQUEST_TIMEOUT_MS;
const ATTEMPTS = 3;

describeComposeLab("faults of the compose lab", {}, (lab) => {
  test("a killed endpoint costs no request longer than it takes to be seen", async ({
    annotate,
  }) => {
    const windows: number[] = [];
    // The machine may be busy at the moment of one kill; it is not at three.
    while (windows.length < ATTEMPTS && windows.every((window) => window > EVENT_MS)) {
      await endpointsReady(lab(), "my-api", 3);
      const container = lab().container("my-api", 2);
      const run = await underLoad(lab(), () => dockerOk(["kill", container]));
      windows.push(run.windowMs);
      await annotate(describeRun("killed", run));
      expect(run.after).toEqual([]);
      await dockerOk(["start", container]);
    }
    expect(Math.min(...windows)).toBeLessThanOrEqual(EVENT_MS);
  });

  test("one that hangs costs no request longer than its probe takes", async ({ annotate }) => {
    const windows: number[] = [];
    while (windows.length < ATTEMPTS && windows.every((window) => window > HANG_MS)) {
      await endpointsReady(lab(), "my-api", 3);
      const container = lab().container("my-api", 2);
      // To every process but the first: that one only passes signals on.
      const inside = (signal: string): Promise<string> =>
        dockerOk(["exec", container, "sh", "-c", `kill -${signal} -1`]);
      const run = await underLoad(lab(), () => inside("STOP")).finally(() => inside("CONT"));
      windows.push(run.windowMs);
      await annotate(describeRun("stopped", run));
      expect(run.failed).toBeGreaterThan(0);
      expect(run.after).toEqual([]);
    }
    expect(Math.min(...windows)).toBeLessThanOrEqual(HANG_MS);
    await endpointsReady(lab(), "my-api", 3);
  });

  test("a paused container is no endpoint until it goes on", async () => {
    await lab().compose("pause", "my-api-node-2");
    try {
      await readyEndpoints(lab(), 2);
      for (let count = 0; count < 10; count += 1) await expectAnswer(lab());
    } finally {
      await lab().compose("unpause", "my-api-node-2");
    }
    await readyEndpoints(lab(), 3);
  });

  test("docker compose kill and start go and come as endpoints", async () => {
    await lab().compose("kill", "my-api-node-2");
    await readyEndpoints(lab(), 2);
    await lab().compose("start", "my-api-node-2");
    await readyEndpoints(lab(), 3);
  });

  test("a node that is cut off costs connections time, not their success, and comes back", async () => {
    const fabric = `${lab().project}_fabric`;
    const node = lab().container("node-2");
    await dockerOk(["network", "disconnect", fabric, node]);
    try {
      // By address: a resolver that draws the DNS pod of that node waits for its own time-out.
      for (let count = 0; count < 10; count += 1) await expectAnswer(lab(), BY_ADDRESS);
    } finally {
      const ip = `${lab().env["KUBEHOP_FABRIC"]}.12`;
      await dockerOk(["network", "connect", "--ip", ip, fabric, node]);
    }
    await answersFromNode(lab(), "node-2");
  });

  test("a kubelet that is killed takes no pod along", async () => {
    const before = await readyEndpoints(lab(), 3);
    await lab().compose("kill", "node-1-kubelet");
    for (let count = 0; count < 5; count += 1) await expectAnswer(lab());
    await lab().compose("start", "node-1-kubelet");
    expect(await readyEndpoints(lab(), 3)).toEqual(before);
  });

  test("a node that is restarted works again", async () => {
    await lab().compose("restart", "node-1");
    await answersFromNode(lab(), "node-1");
    await answersFromNode(lab(), "node-2");
  });

  test("the data path goes on while the registry restarts, and changes are seen after", async ({
    annotate,
  }) => {
    const run = await underLoad(lab(), () => lab().compose("restart", "nats"));
    await annotate(describeRun("registry restarted", run));
    expect(run.errors).toEqual({});
    await lab().compose("stop", "my-api-node-2");
    await readyEndpoints(lab(), 2);
    await lab().compose("start", "my-api-node-2");
    await readyEndpoints(lab(), 3);
  });

  test("the whole lab restarts", async () => {
    await lab().compose("restart");
    await lab().compose("up", "-d", "--wait");
    await readyEndpoints(lab(), 3);
    await answersFromNode(lab(), "node-1");
    await answersFromNode(lab(), "node-2");
  });
});

interface LoadReport {
  readonly sent: number;
  readonly failed: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly time: number; readonly error: string }[];
}

/** What requests at 500 a second saw of a fault. */
interface Run extends LoadReport {
  /** From the fault to the last failure; 0 without one. */
  readonly windowMs: number;
  /** From the fault to the moment when both proxies had a table without the endpoint. */
  readonly seenMs: number;
  /** Failures of requests that were sent after that. */
  readonly after: readonly unknown[];
}

/** Sends 500 requests a second from the client, and brings the fault about amid them. */
async function underLoad(lab: ComposeLab, fault: () => Promise<unknown>): Promise<Run> {
  await using hops = await recordHops(lab);
  const flags = ["--rate", "500", "--concurrency", "64", "--requests", "1000000"];
  const limits = ["--duration", "8s", "--timeout", `${REQUEST_TIMEOUT_MS}ms`];
  const before = newestVersion(await slicesOf(lab, "my-api"));
  const load = lab.exec(
    "client",
    "kubehop",
    "sample-app",
    "load",
    "--url",
    URL,
    ...flags,
    ...limits,
  );
  await waitFor(() => hops.events.some((event) => event.type === "forwarded"));
  const at = Date.now();
  await fault();
  const changed = await waitFor(
    async () => {
      const version = newestVersion(await slicesOf(lab, "my-api"));
      return version === before ? undefined : version;
    },
    { timeoutMs: 5_000 },
  ).catch(() => undefined);
  if (changed !== undefined) await hops.proxiesSynced(NODES, changed);
  const seen = Date.now();
  const { code, stdout, stderr } = await load;
  if (code !== 0 && stdout === "") throw new Error(`load: exit code ${code}: ${stderr}`);
  const report = JSON.parse(stdout) as LoadReport;
  const sentAt = ({ time, error }: { time: number; error: string }): number =>
    /TIME/i.test(error) ? time - REQUEST_TIMEOUT_MS : time;
  return {
    ...report,
    windowMs: Math.max(0, ...report.failures.map(({ time }) => time - at)),
    seenMs: seen - at,
    after: report.failures.filter((failure) => sentAt(failure) > seen),
  };
}

function describeRun(what: string, { sent, failed, errors, windowMs, seenMs }: Run): string {
  return `${what}: ${failed} of ${sent} requests failed (${JSON.stringify(errors)}), the last ${windowMs} ms after; out of both proxies after ${seenMs} ms at most`;
}

/** Waits until my-api has that many ready endpoints; gives their addresses. */
async function readyEndpoints(lab: ComposeLab, count: number): Promise<string[]> {
  return waitFor(
    async () => {
      const addresses = readyAddresses(await slicesOf(lab, "my-api"));
      return addresses.length === count ? addresses : undefined;
    },
    { timeoutMs: 60_000, describe: () => `${count} ready endpoints of my-api` },
  );
}

async function expectAnswer(lab: ComposeLab, url = URL): Promise<void> {
  const { code, stderr } = await lab.exec("client", "curl", "-sSf", "-m", "10", url);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

/** Waits until a pod of that node has answered the client. */
async function answersFromNode(lab: ComposeLab, node: string): Promise<void> {
  await waitFor(
    async () => {
      const { stdout } = await lab.exec("client", "curl", "-s", "-m", "5", URL);
      return stdout.includes(`"node":"${node}"`);
    },
    { timeoutMs: 60_000, describe: () => `an answer from ${node}` },
  );
}
