import { Kinds } from "@kubehop/api";
import type { Pod } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, test } from "vitest";
import { CLIENT, fetchUrl, runLoad, startDetachedLoad } from "../support/client-pod.ts";
import {
  endpointsReady,
  newestVersion,
  nodeNames,
  podsOf,
  podsReady,
  readyAddresses,
  scale,
  slicesOf,
} from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";
import { recordHops } from "../support/hops.ts";
import { descendants, killFirst, processesOfPod } from "../support/processes.ts";

const HEAL_MS = 60_000;
/** --node-monitor-grace-period is 50 s. */
const NODE_MONITOR_MS = 90_000;

describeLab("kill -9", { nodes: 3, files: [EXAMPLES] }, (lab) => {
  describe("a process of the control plane or of a node is started again", () => {
    test("nats-server: acknowledged writes are there, watchers go on", async () => {
      await writeMarker("before-nats");
      await kill("nats-server");
      expect(await readMarker("before-nats")).toBe("before-nats");
      await controlPlaneWorks("after-nats");
      await dataPathWorks();
    });

    test("apiserver: requests of pods go on without it, writes are there when it is back", async () => {
      await writeMarker("before-apiserver");
      const summary = await startDetachedLoad(lab(), [
        "--rate",
        "50",
        "--duration",
        "8s",
        "--timeout",
        "20s",
      ]);
      await kill("apiserver");
      expect(await readMarker("before-apiserver")).toBe("before-apiserver");
      expect(await summary()).toMatchObject({ failed: 0 });
      await controlPlaneWorks("after-apiserver");
    });

    test("controller-manager: a change made while it is away is done when it is back", async () => {
      const before = await pidOf("controller-manager");
      await lab().signal("controller-manager", "SIGKILL");
      await scale(lab(), "Deployment", "my-api", 4);
      await restarted("controller-manager", before);
      await endpointsReady(lab(), "my-api", 4);
      await scale(lab(), "Deployment", "my-api", 3);
      await endpointsReady(lab(), "my-api", 3);
    });

    test("kube-proxy of the client's node: connections work again", async () => {
      const node = await clientNode();
      await kill(`kube-proxy/${node}`);
      await dataPathWorks();
    });

    test("kubelet: its pods live on, and it finds them again", async () => {
      const node = await clientNode();
      const before = await podProcesses();
      const statuses = await containerIds();
      await kill(`kubelet/${node}`);
      await nodeBecomes(node, "True");
      expect(await podProcesses()).toEqual(before);
      await dataPathWorks();
      expect(await containerIds()).toEqual(statuses);
      await lab().exec(CLIENT, ["true"]);
    });
  });

  test("a DNS pod's process: the container is restarted, names are resolved again", async () => {
    const [pod] = await podsOf(lab(), "k8s-app=kube-dns", "kube-system");
    if (!pod) throw new Error("there is no DNS pod");
    killFirst(processesOfPod(pod.metadata.name, "services/dns/src/main.ts"));
    await containerRestarted(pod);
    await dataPathWorks();
  });

  test("a pod's process: restarted in the same pod, address and all", async () => {
    const [pod] = await podsReady(lab(), "app=my-api", 3);
    if (!pod) throw new Error("there is no pod of my-api");
    killFirst(processesOfPod(pod.metadata.name, "sample-app/src/main.ts"));
    const { status } = await containerRestarted(pod);
    expect(status?.podIP).toBe(pod.status?.podIP);
    expect(status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(137);
    const slices = await endpointsReady(lab(), "my-api", 3);
    expect(readyAddresses(slices)).toContain(pod.status?.podIP);
  });

  function containerRestarted(pod: Pod): Promise<Pod> {
    const { namespace = "", name } = pod.metadata;
    const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
    return waitFor(
      async () => {
        const now = await lab().rest.get(Kinds.Pod, { namespace, name });
        const [status] = now.status?.containerStatuses ?? [];
        return status?.restartCount === restarts + 1 && status.ready ? now : undefined;
      },
      { timeoutMs: HEAL_MS, describe: `container of ${name} to be restarted and ready` },
    );
  }

  test("a frozen kubelet: its node becomes NotReady, its pods get nothing, until it goes on", async () => {
    const pods = await podsReady(lab(), "app=my-api", 3);
    const clientsNode = await clientNode();
    const victim = pods.find((pod) => pod.spec.nodeName !== clientsNode);
    const node = victim?.spec.nodeName ?? "";
    await lab().signal(`kubelet/${node}`, "SIGSTOP");
    await nodeBecomes(node, "Unknown");
    await waitFor(
      async () =>
        !readyAddresses(await slicesOf(lab(), "my-api")).includes(victim?.status?.podIP ?? ""),
      { timeoutMs: HEAL_MS, describe: `endpoints of ${node} to be unready` },
    );
    await lab().signal(`kubelet/${node}`, "SIGCONT");
    await nodeBecomes(node, "True");
    await endpointsReady(lab(), "my-api", 3);
    await dataPathWorks();
  });

  /** Kills a supervised process and waits until its supervisor runs a new one. */
  async function kill(name: string): Promise<void> {
    const before = await pidOf(name);
    await lab().signal(name, "SIGKILL");
    await restarted(name, before);
  }

  async function restarted(name: string, before: number | undefined): Promise<void> {
    await waitFor(
      async () => {
        const pid = await pidOf(name);
        return pid !== undefined && pid !== before;
      },
      { timeoutMs: HEAL_MS, describe: `${name} to be started again` },
    );
  }

  async function pidOf(name: string): Promise<number | undefined> {
    const { processes } = await lab().status();
    return processes.find((one) => one.name === name)?.pid;
  }

  async function writeMarker(name: string): Promise<void> {
    await lab().rest.create(Kinds.ConfigMap, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace: "default" },
      data: { name },
    });
  }

  function readMarker(name: string): Promise<string> {
    return waitFor(
      async () => {
        const found = await lab().rest.get(Kinds.ConfigMap, { namespace: "default", name });
        return found.data?.["name"];
      },
      { timeoutMs: HEAL_MS, describe: `ConfigMap ${name} to be read again` },
    );
  }

  /** A write goes the whole way: object, controller, slice, every proxy. */
  async function controlPlaneWorks(name: string): Promise<void> {
    const again = { timeoutMs: HEAL_MS };
    await using hops = await waitFor(() => recordHops(lab()), again);
    const spec = { selector: { app: "my-api" }, ports: [{ port: 80, targetPort: 8080 }] };
    const metadata = { name, namespace: "default" };
    await waitFor(
      () => lab().rest.create(Kinds.Service, { apiVersion: "v1", kind: "Service", metadata, spec }),
      again,
    );
    const slices = await endpointsReady(lab(), name, 3);
    await hops.proxiesSynced(await nodeNames(lab()), newestVersion(slices));
    const { response } = await fetchUrl(lab(), `http://${name}/hello`);
    expect(response?.status).toBe(200);
  }

  async function dataPathWorks(): Promise<void> {
    await waitFor(
      async () => {
        const summary = await runLoad(lab(), ["--requests", "30", "--timeout", "3s"]);
        const pods = (await slicesOf(lab(), "my-api")).flatMap((slice) => slice.endpoints ?? []);
        return summary.failed === 0 && Object.keys(summary.pods).length === pods.length;
      },
      { timeoutMs: HEAL_MS, describe: "30 requests without a failure, answered by every pod" },
    );
  }

  async function clientNode(): Promise<string> {
    const [pod] = await podsReady(lab(), "app=client", 1);
    return pod?.spec.nodeName ?? "";
  }

  function nodeBecomes(name: string, status: "True" | "Unknown"): Promise<boolean> {
    return waitFor(
      async () => {
        const node = await lab().rest.get(Kinds.Node, { name });
        return conditionOf(node.status?.conditions, "Ready") === status;
      },
      { timeoutMs: NODE_MONITOR_MS, describe: `condition Ready of ${name} to be ${status}` },
    );
  }

  async function containerIds(): Promise<(string | undefined)[]> {
    const { items } = await lab().rest.list(Kinds.Pod);
    return items
      .flatMap((pod) => pod.status?.containerStatuses ?? [])
      .map((status) => status.containerID)
      .toSorted((a, b) => String(a).localeCompare(String(b)));
  }

  /** Process ids of every program that runs as a container. */
  async function podProcesses(): Promise<number[]> {
    const found = descendants(process.pid).filter(
      (one) =>
        /sample-app\/src\/main\.ts (backend|web|wait|tcp-echo|udp-echo)/.test(one.command) &&
        !one.command.startsWith("nsenter"),
    );
    return found.map((one) => one.pid).toSorted((a, b) => a - b);
  }
});

function conditionOf(
  conditions: readonly { type: string; status: string }[] | undefined,
  type: string,
): string | undefined {
  return conditions?.find((condition) => condition.type === type)?.status;
}
