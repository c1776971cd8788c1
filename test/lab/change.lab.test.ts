import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { expect, test } from "vitest";
import { run, runLoad } from "../support/client-pod.ts";
import type { LoadSummary } from "../support/client-pod.ts";
import {
  endpointsReady,
  newestVersion,
  nodeNames,
  podsOf,
  podsReady,
  readyAddresses,
  scale,
} from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";
import { recordHops } from "../support/hops.ts";
import type { HopRecording } from "../support/hops.ts";

/** CoreDNS caches its own answers for up to 30 s (plugin cache), so a change shows that much later. */
const DNS_LAG_MS = 45_000;
const SETTLED_REQUESTS = ["--requests", "300", "--duration", "60s", "--timeout", "20s"];

/** From the moment a change was asked for until every proxy served its outcome, in unix ms. */
interface ChangeWindow {
  readonly from: number;
  readonly until: number;
}

describeLab("changes under load", { nodes: 3, files: [EXAMPLES] }, (lab) => {
  test("scaling up and down: new pods get requests, gone pods none, none fails", async () => {
    await using hops = await recordHops(lab());
    const windows: ChangeWindow[] = [];
    const loading = backgroundLoad();
    windows.push(await change(hops, 6, () => scale(lab(), "Deployment", "my-api", 6)));
    await expectExactly(6);
    windows.push(await change(hops, 2, () => scale(lab(), "Deployment", "my-api", 2)));
    await expectExactly(2);
    windows.push(await change(hops, 3, () => scale(lab(), "Deployment", "my-api", 3)));
    expectNoFailureOutside(windows, await loading);
  });

  test("a rolling update replaces every pod; no request fails once proxies know", async () => {
    await using hops = await recordHops(lab());
    const before = await podNames();
    const loading = backgroundLoad();
    const window = await change(hops, 3, async () => {
      const template = { metadata: { annotations: { "example.com/version": "2" } } };
      const patch = { type: "strategic", body: { spec: { template } } } as const;
      await lab().rest.patch(Kinds.Deployment, { namespace: "default", name: "my-api" }, patch);
      await waitFor(async () => (await podNames()).every((name) => !before.includes(name)), {
        timeoutMs: 60_000,
        describe: "all pods to be new ones",
      });
    });
    await expectExactly(3);
    expectNoFailureOutside([window], await loading);
  });

  test("a deleted pod is replaced and leaves the endpoints", async () => {
    await using hops = await recordHops(lab());
    const [victim = ""] = await podNames();
    const loading = backgroundLoad();
    const window = await change(hops, 3, async () => {
      await lab().rest.delete(Kinds.Pod, { namespace: "default", name: victim });
      await waitFor(async () => !(await podNames()).includes(victim), {
        timeoutMs: 40_000,
        describe: `pod ${victim} to be gone`,
      });
    });
    await expectExactly(3);
    expectNoFailureOutside([window], await loading);
  });

  test("an unready pod gets nothing new, and everything again when it is ready", async () => {
    await using hops = await recordHops(lab());
    const pods = await podsReady(lab(), "app=my-api", 3);
    const [target] = pods;
    const readiness = (value: boolean) => {
      const url = `http://${target?.status?.podIP}:8080/ready?value=${value}`;
      return run(lab(), [process.execPath, "-e", `fetch("${url}", { method: "POST" })`]);
    };
    await readiness(false);
    const unready = await waitForReady(2);
    await hops.proxiesSynced(await nodeNames(lab()), newestVersion(unready));
    expect(readyAddresses(unready)).not.toContain(target?.status?.podIP);
    const summary = await runLoad(lab(), SETTLED_REQUESTS);
    expect(summary).toMatchObject({ sent: 300, failed: 0 });
    expect(Object.keys(summary.pods)).not.toContain(target?.metadata.name);
    await readiness(true);
    const ready = await waitForReady(3);
    await hops.proxiesSynced(await nodeNames(lab()), newestVersion(ready));
    const after = await runLoad(lab(), SETTLED_REQUESTS);
    expect(Object.keys(after.pods)).toContain(target?.metadata.name);
  });

  test("a headless Service's DNS answer follows its StatefulSet", async () => {
    for (const replicas of [3, 1, 2]) {
      await scale(lab(), "StatefulSet", "my-db", replicas);
      const slices = await endpointsReady(lab(), "my-db", replicas);
      await waitFor(
        async () => {
          expect(await resolve("my-db")).toEqual(readyAddresses(slices));
          return true;
        },
        { timeoutMs: DNS_LAG_MS, describe: `DNS to give the ${replicas} addresses of my-db` },
      );
    }
  });

  test("a new Service is resolved and reached, a deleted one is neither", async () => {
    const spec = { selector: { app: "my-api" }, ports: [{ port: 8000, targetPort: 8080 }] };
    const metadata = { name: "brand-new", namespace: "default" };
    const created = await lab().rest.create(Kinds.Service, {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec,
    });
    const address = created.spec?.clusterIP ?? "";
    await waitFor(async () => (await resolve("brand-new")).join() === address, {
      timeoutMs: DNS_LAG_MS,
      describe: `brand-new to resolve to ${address}`,
    });
    const { ok } = await waitFor(async () => {
      const summary = await runLoad(lab(), [
        "--url",
        `http://${address}:8000/`,
        "--requests",
        "10",
      ]);
      return summary.failed === 0 ? summary : undefined;
    });
    expect(ok).toBe(10);
    await using hops = await recordHops(lab());
    await lab().rest.delete(Kinds.Service, metadata);
    await waitFor(async () => (await refused(address)) === "ECONNREFUSED", {
      describe: `connections to ${address}:8000 to be refused`,
    });
    await waitFor(async () => (await resolve("brand-new")).length === 0, {
      timeoutMs: DNS_LAG_MS,
      describe: "brand-new to be unknown",
    });
    await waitFor(() => hops.events.length > 0, { describe: "what proxies and DNS pods do" });
  });

  function backgroundLoad(): Promise<LoadSummary> {
    return runLoad(lab(), ["--rate", "60", "--requests", "100000", "--duration", "25s"]);
  }

  /** Makes a change, waits until `count` endpoints are all there is and every proxy serves them. */
  async function change(
    hops: HopRecording,
    count: number,
    act: () => Promise<unknown>,
  ): Promise<ChangeWindow> {
    const from = Date.now();
    await act();
    const slices = await endpointsReady(lab(), "my-api", count);
    await hops.proxiesSynced(await nodeNames(lab()), newestVersion(slices));
    return { from, until: Date.now() };
  }

  /** Requests now reach exactly the pods there are, each of them. */
  async function expectExactly(count: number): Promise<void> {
    const summary = await runLoad(lab(), SETTLED_REQUESTS);
    expect(summary).toMatchObject({ sent: 300, failed: 0 });
    const pods = await podsReady(lab(), "app=my-api", count);
    const names = pods.map((pod) => pod.metadata.name);
    expect(Object.keys(summary.pods).toSorted()).toEqual(names.toSorted());
  }

  function waitForReady(count: number) {
    return waitFor(
      async () => {
        const slices = await lab().rest.list(Kinds.EndpointSlice, {
          namespace: "default",
          labelSelector: "kubernetes.io/service-name=my-api",
        });
        return readyAddresses(slices.items).length === count ? slices.items : undefined;
      },
      { timeoutMs: 60_000, describe: `${count} ready endpoints of my-api` },
    );
  }

  async function podNames(): Promise<string[]> {
    return (await podsOf(lab(), "app=my-api")).map((pod) => pod.metadata.name);
  }

  /** The IPv4 addresses of a name, sorted; none when it is unknown. */
  async function resolve(name: string): Promise<string[]> {
    const script = `require("node:dns").promises.resolve4("${name}.default.svc.cluster.local")
      .catch(() => []).then((found) => console.log(JSON.stringify(found.sort())))`;
    return JSON.parse(await run(lab(), [process.execPath, "-e", script])) as string[];
  }

  async function refused(address: string): Promise<string | undefined> {
    const url = `http://${address}:8000/`;
    const summary = await runLoad(lab(), ["--url", url, "--requests", "1", "--timeout", "2s"]);
    return Object.keys(summary.errors)[0];
  }
});

function expectNoFailureOutside(windows: readonly ChangeWindow[], summary: LoadSummary): void {
  const outside = summary.failures.filter(
    ({ time }) => !windows.some(({ from, until }) => time >= from && time <= until),
  );
  expect(outside).toEqual([]);
  expect(summary.ok).toBeGreaterThan(100);
}
