import {
  type EndpointSlice,
  Kinds,
  type KubeObject,
  registryKey,
  type Service,
} from "@kubehop/api";
import { openRegistry, type RegistryWriter } from "@kubehop/client";
import { type NatsServer, startNats } from "@kubehop/testkit";

/** Services `svc-0`, `svc-1`, … of namespace `default`, each with `ENDPOINTS` endpoints. */
export const SERVICES = 10_000;
/** Endpoints of each of them. */
export const ENDPOINTS = 5;
/** A headless Service with many endpoints. */
export const HEADLESS = "many";
/** Its endpoints. */
export const HEADLESS_ENDPOINTS = 100;
/** A headless Service with one endpoint that `move` changes. */
export const MOVING = "moving";

/** Writes under way at the same time. */
const BATCH = 500;

/** A registry with a cluster in it, on a bus of its own. */
export interface DnsCluster extends AsyncDisposable {
  readonly nats: NatsServer;
  /** Gives the endpoint of the Service `MOVING` another address; resolves when that is written. */
  move(address: string): Promise<void>;
}

/** Starts a nats-server and writes the cluster's objects into the registry. */
export async function startDnsCluster(): Promise<DnsCluster> {
  await using stack = new AsyncDisposableStack();
  const nats = stack.use(await startNats());
  const writer = stack.use(await nats.connect("apiserver"));
  const registry = await openRegistry(writer);
  await create(registry, Kinds.Namespace, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default" },
  });
  for (let first = 0; first < SERVICES; first += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, index) => first + index);
    await Promise.all(batch.flatMap((index) => createService(registry, index)));
  }
  await createHeadless(registry, HEADLESS, addresses(HEADLESS_ENDPOINTS));
  let revision = await createHeadless(registry, MOVING, ["10.9.0.0"]);
  const kept = stack.move();
  return {
    nats,
    async move(address) {
      const slice = sliceOf(MOVING, [address]);
      const key = registryKey(Kinds.EndpointSlice, slice.metadata);
      revision = await registry.update(key, encode(slice), revision);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The cluster IP of a Service by its number. */
export function clusterIpOf(index: number): string {
  return `10.96.${index >> 8}.${index & 255}`;
}

/** Addresses of the headless Service's endpoints. */
export function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.8.0.${index + 1}`);
}

function createService(registry: RegistryWriter, index: number): Promise<unknown>[] {
  const name = `svc-${index}`;
  const low = `${index >> 8}.${index & 255}`;
  const ips = Array.from({ length: ENDPOINTS }, (_, each) => `10.${100 + each}.${low}`);
  const service = serviceOf(name, clusterIpOf(index));
  return [
    create(registry, Kinds.Service, service),
    create(registry, Kinds.EndpointSlice, sliceOf(name, ips)),
  ];
}

async function createHeadless(
  registry: RegistryWriter,
  name: string,
  ips: readonly string[],
): Promise<number> {
  await create(registry, Kinds.Service, serviceOf(name, "None"));
  return create(registry, Kinds.EndpointSlice, sliceOf(name, ips));
}

function create(
  registry: RegistryWriter,
  kind: Parameters<typeof registryKey>[0],
  object: KubeObject,
): Promise<number> {
  return registry.create(registryKey(kind, object.metadata), encode(object));
}

function encode(object: KubeObject): Buffer {
  return Buffer.from(JSON.stringify(object));
}

function serviceOf(name: string, clusterIP: string): Service {
  const spec = {
    type: "ClusterIP" as const,
    clusterIP,
    clusterIPs: [clusterIP],
    selector: { app: name },
    ports: [{ name: "http", protocol: "TCP" as const, port: 80, targetPort: 8080 }],
  };
  const metadata = { ...metadataOf(name), labels: { app: name } };
  return { apiVersion: "v1", kind: "Service", metadata, spec };
}

function sliceOf(name: string, ips: readonly string[]): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadataOf(name), labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
    endpoints: ips.map((ip, index) => ({
      addresses: [ip],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${index}`,
      targetRef: { kind: "Pod", namespace: "default", name: `${name}-${index}` },
    })),
  };
}

function metadataOf(name: string): { name: string; namespace: string; creationTimestamp: string } {
  return { name, namespace: "default", creationTimestamp: new Date().toISOString() };
}
