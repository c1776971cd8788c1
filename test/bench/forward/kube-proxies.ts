import {
  type EndpointSlice,
  Kinds,
  registryKey,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import { openRegistry, type RegistryWriter } from "@kubehop/client";
import { type NatsServer, startNats } from "@kubehop/testkit";
import { join } from "node:path";
import { type BenchNode, CLUSTER_CIDRS, inside, SERVICE_CIDR } from "./network.ts";
import type { OwnedProcess } from "../forward-processes.ts";
import { startCommand } from "./programs.ts";

const KUBE_PROXY = join(import.meta.dirname, "../../../services/kube-proxy/src/main.ts");

/** kube-proxy's metrics port on the node's own address. */
export const METRICS_PORT = 10249;

/** A registry of the bench's own, reachable from its nodes. */
export interface BenchRegistry extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly registry: RegistryWriter;
}

/** Starts a nats-server and opens the registry that lies on it. */
export async function startRegistry(): Promise<BenchRegistry> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startNats({ host: "0.0.0.0" }));
  const bus = stack.use(await nats.connect("apiserver"));
  const registry = stack.use(await openRegistry(bus));
  const owned = stack.move();
  return { nats, registry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Starts the kube-proxy of a node, in a proxy mode, with further flags. */
export function startKubeProxy(
  node: BenchNode,
  { nats }: BenchRegistry,
  mode: string,
  flags: readonly string[] = [],
): OwnedProcess {
  const { port } = new URL(nats.url);
  return startCommand(
    inside(
      node.namespace,
      process.execPath,
      KUBE_PROXY,
      `--node-name=${node.namespace}`,
      `--node-ip=${node.ip}`,
      `--proxy-mode=${mode}`,
      `--cluster-cidr=${CLUSTER_CIDRS.join(",")}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      `--bus-url=nats://${node.clientIp}:${port}`,
      `--bus-password=${nats.passwords.component}`,
      "--log-level=error",
      ...flags,
    ),
  );
}

/** A Service of the bench: its address, and each port with the endpoints' port behind it. */
export interface BenchService {
  readonly name: string;
  readonly ip: string;
  readonly ports: readonly BenchPort[];
  readonly endpoints: readonly string[];
}

/** One port of it. */
export interface BenchPort {
  readonly name: string;
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  readonly targetPort: number;
}

/** Writes a Service and its slice, which must not be there yet. */
export async function createService(
  registry: RegistryWriter,
  service: BenchService,
): Promise<void> {
  const { name, ip: clusterIP, ports } = service;
  const metadata = { name, namespace: "default" };
  const object: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: { type: "ClusterIP", clusterIP, clusterIPs: [clusterIP], ports: [...ports] },
  };
  await registry.create(registryKey(Kinds.Service, metadata), encode(object));
  await registry.create(registryKey(Kinds.EndpointSlice, metadata), encode(toSlice(service)));
}

/** Writes the slice of a Service anew, whatever it is now. */
export async function updateSlice(registry: RegistryWriter, service: BenchService): Promise<void> {
  const key = registryKey(Kinds.EndpointSlice, { name: service.name, namespace: "default" });
  await registry.update(key, encode(toSlice(service)), await registry.lastRevision(key));
}

function toSlice({ name, ports, endpoints }: BenchService): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "default", labels: { [SERVICE_NAME_LABEL]: name } },
    addressType: "IPv4",
    ports: ports.map((port) => ({
      name: port.name,
      protocol: port.protocol,
      port: port.targetPort,
    })),
    endpoints: endpoints.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
  };
}

function encode(object: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(object));
}
