import { type Bus, createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import { createLogger, createMetrics, systemClock } from "@kubehop/kit";
import {
  type ApiServerProcess,
  startApiServer,
  type NatsServer,
  startNats,
} from "@kubehop/testkit";
import { build, type ControllerManager } from "../build.ts";
import { type HollowNode, type HollowNodeOptions, startHollowNode } from "./hollow-node.ts";

/** A control plane on real sockets: nats-server, API server process, and this controller manager. */
export interface TestCluster extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly apiServer: ApiServerProcess;
  readonly rest: RestClient;
  readonly bus: Bus;
  manager(): ControllerManager;
  /** Stops this controller manager and builds another one. */
  restartManager(): Promise<void>;
  addNode(
    options: Pick<HollowNodeOptions, "name" | "labels" | "leaseSeconds">,
  ): Promise<HollowNode>;
}

/** Settings of the controller manager under test. */
export interface TestClusterOptions {
  readonly nodeMonitorGracePeriod?: string;
  readonly maxEndpointsPerSlice?: number;
}

/** Starts everything; disposing ends it in reverse order. */
export async function startCluster(options: TestClusterOptions = {}): Promise<TestCluster> {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startNats());
  const apiServer = parts.use(await startApiServer(nats));
  const bus = parts.use(await nats.connect("component"));
  // As in a lab: it may do what its role allows, no more.
  const kubeconfig = await apiServer.kubeconfigFor("system:kube-controller-manager");
  const buildManager = (): Promise<ControllerManager> =>
    build(
      {
        kubeconfig,
        bindAddress: "127.0.0.1",
        port: 0,
        busUrl: nats.url,
        busUser: "component",
        busPassword: nats.passwords.component,
        nodeMonitorPeriod: "200ms",
        nodeMonitorGracePeriod: options.nodeMonitorGracePeriod ?? "50s",
        maxEndpointsPerSlice: options.maxEndpointsPerSlice ?? 100,
        rootCaFile: apiServer.caFile,
        loadBalancerPool: ["192.0.2.0/29"],
        loadBalancerRoutes: false,
        clusterCidr: "10.244.0.0/16",
        leaderElect: false,
        logLevel: process.env["TEST_LOG"] ?? "silent",
      },
      {
        name: "controller-manager",
        logger: createLogger({ name: "test" }),
        metrics: createMetrics(),
        clock: systemClock,
        random: Math.random,
        signal: new AbortController().signal,
      },
    );
  let manager = await buildManager();
  parts.defer(() => manager[Symbol.asyncDispose]());
  const owned = parts.move();
  return {
    nats,
    apiServer,
    rest: apiServer.rest,
    bus,
    manager: () => manager,
    async restartManager() {
      await manager[Symbol.asyncDispose]();
      manager = await buildManager();
    },
    async addNode(node) {
      const user = `system:node:${node.name}`;
      const credentials = loadKubeconfig(await apiServer.kubeconfigFor(user, "system:nodes"));
      const rest = owned.use(createRestClient({ ...credentials, userAgent: "hollow-node" }));
      return owned.use(await startHollowNode({ ...node, rest, bus }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
