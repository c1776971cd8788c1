import { Kinds, type Pod, WEIGHT_ANNOTATION } from "@kubehop/api";
import type { StartedTestContainer } from "testcontainers";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";
import { UPLINK } from "./lab-command.ts";
import { waitForPod } from "./pod-readiness.ts";

/** A port of a container that becomes a pod's. */
export interface PodPort {
  /** The pod's. */
  readonly port: number;
  /** The container's, as it listens inside; default the same. */
  readonly containerPort?: number;
  /** Default TCP. */
  readonly protocol?: "TCP" | "UDP";
  /** As a Service's targetPort may name it. */
  readonly name?: string;
}

/** What pod a container becomes. */
export interface AddPodOptions {
  /** Default "default". */
  readonly namespace?: string;
  /** Unique in its namespace; default made of the container's id. */
  readonly name?: string;
  /** What Services select it by. */
  readonly labels: Readonly<Record<string, string>>;
  /** At least one; a number is a TCP port. */
  readonly ports: readonly (number | PodPort)[];
  /** Its share among the endpoints of a Service; default 1. */
  readonly weight?: number;
  /** Whether to wait until it is ready; default true. */
  readonly waitUntilReady?: boolean;
  /** How long that may take, in ms; default 30 s. */
  readonly timeoutMs?: number;
}

/** A container that is a pod of the lab. */
export interface AddedPod {
  readonly namespace: string;
  readonly name: string;
  /** Its address in the cluster; absent while it has none. */
  readonly ip?: string;
  /** Takes it out of the lab again; the container runs on. */
  remove(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const FIRST_READY_PORT = 15_020;
const MOUNT = "/uplink";
/** Characters of an id that engines use as a name. */
const SHORT_ID = 12;

/**
 * Makes a container that runs beside the lab an endpoint of its Services: a pod that relays the
 * ports to it. The pod is ready while every TCP port of the container accepts connections, tried
 * each second. Throws KubehopError when the two containers share no network, or no port is given.
 */
export async function addRelayPod(
  cluster: Cluster,
  container: StartedTestContainer,
  options: AddPodOptions,
): Promise<AddedPod> {
  const { namespace = "default", timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const name = options.name ?? `container-${container.getId().slice(0, SHORT_ID)}`;
  const target = addressOf(container, cluster.container);
  const created = await cluster.rest.create(
    Kinds.Pod,
    podOf({ ...options, namespace, name }, target),
  );
  const pod =
    options.waitUntilReady === false
      ? created
      : await waitForPod(cluster, { namespace, name }, timeoutMs);
  const ip = pod.status?.podIP;
  return {
    namespace,
    name,
    ...(ip === undefined ? {} : { ip }),
    remove: () => cluster.rest.delete(Kinds.Pod, { namespace, name }),
  };
}

/**
 * A container's id, which the engine resolves on a network that both are on, or its address where
 * it has no names: on the default bridge. An id outlives a restart of the container; names that
 * the engine has invented are not resolved.
 */
function addressOf(container: StartedTestContainer, lab: StartedTestContainer): string {
  const labNetworks = lab.getNetworkNames();
  const shared = container.getNetworkNames().filter((name) => labNetworks.includes(name));
  const [network] = shared.toSorted((a, b) => Number(a === "bridge") - Number(b === "bridge"));
  if (network === undefined) {
    throw new KubehopError(
      `Container ${container.getName()} is on network ${container.getNetworkNames().join(", ") || "none"}, the lab on ${labNetworks.join(", ") || "none"}: neither reaches the other.`,
      "Give both the same one with withNetwork(), or none to either.",
    );
  }
  if (network === "bridge") return container.getIpAddress(network);
  return container.getId().slice(0, SHORT_ID);
}

type Named = AddPodOptions & { readonly namespace: string; readonly name: string };

function podOf(options: Named, target: string): Pod {
  const { namespace, name, labels, weight } = options;
  const ports = options.ports.map(completePort);
  if (ports.length === 0) {
    throw new KubehopError(`Pod ${namespace}/${name} has no ports.`, "Give those to be relayed.");
  }
  const readyPort = freePort(ports);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      namespace,
      name,
      labels: { ...labels },
      ...(weight === undefined ? {} : { annotations: { [WEIGHT_ANNOTATION]: String(weight) } }),
    },
    spec: {
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: "uplink", hostPath: { path: UPLINK } }],
      containers: [
        {
          name: "relay",
          image: "kubehop/relay",
          args: relayArguments(ports, target, readyPort),
          ports: ports.map(({ port, protocol, name: portName }) => ({
            containerPort: port,
            protocol,
            ...(portName === undefined ? {} : { name: portName }),
          })),
          volumeMounts: [{ name: "uplink", mountPath: MOUNT }],
          readinessProbe: {
            httpGet: { path: "/readyz", port: readyPort },
            periodSeconds: 1,
            timeoutSeconds: 2,
            failureThreshold: 1,
          },
        },
      ],
    },
  };
}

type CompletePort = PodPort & Required<Pick<PodPort, "containerPort" | "protocol">>;

function completePort(given: number | PodPort): CompletePort {
  const port = typeof given === "number" ? { port: given } : given;
  return { protocol: "TCP", containerPort: port.port, ...port };
}

function relayArguments(
  ports: readonly CompletePort[],
  target: string,
  readyPort: number,
): string[] {
  const ofProtocol = (protocol: string): string[] =>
    ports
      .filter((port) => port.protocol === protocol)
      .map(({ port, containerPort }) => `${port}:${containerPort}`);
  const [tcp, udp] = [ofProtocol("TCP"), ofProtocol("UDP")];
  return [
    `--uplink=${MOUNT}`,
    `--target=${target}`,
    ...(tcp.length > 0 ? [`--tcp=${tcp.join(",")}`] : []),
    ...(udp.length > 0 ? [`--udp=${udp.join(",")}`] : []),
    `--ready-port=${readyPort}`,
  ];
}

function freePort(ports: readonly CompletePort[]): number {
  const taken = new Set(ports.map(({ port }) => port));
  let port = FIRST_READY_PORT;
  while (taken.has(port)) port += 1;
  return port;
}
