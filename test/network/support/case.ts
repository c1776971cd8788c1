import { randomBytes } from "node:crypto";
import {
  type EndpointSlice,
  Kinds,
  type Pod,
  type Service,
  SERVICE_NAME_LABEL,
  type ServicePort,
  type ServiceSpec,
} from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { ECHOES, type NetpodOptions, type NetworkCluster } from "./network-cluster.ts";
import type { Prober, Target } from "./prober.ts";

/** One thing that Services must do, in the spirit of an end-to-end test of Kubernetes. */
export interface NetworkCase {
  readonly title: string;
  run(test: CaseContext): Promise<void>;
}

/** A Service that a case wants; the rest is a ClusterIP Service of the echo pods, TCP 80 → 8080. */
export interface ServiceOptions {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly ports?: ServicePort[];
  /** null: no selector. */
  readonly selector?: Record<string, string> | null;
  readonly spec?: Partial<ServiceSpec>;
  /** Address that the load balancer gives. */
  readonly balancerIp?: string;
}

/** What a case works with; everything it creates goes when it ends. */
export interface CaseContext extends NetworkCluster {
  /** A name that no other case uses. */
  readonly id: string;
  /** A number that no other case of the lab uses. */
  readonly serial: number;
  service(options?: ServiceOptions): Promise<Service>;
  update(service: Service, spec: Partial<Record<keyof ServiceSpec, unknown>>): Promise<Service>;
  removeService(service: Service): Promise<void>;
  pod(options: Omit<NetpodOptions, "name"> & { readonly name?: string }): Promise<Pod>;
  /** `graceSeconds` undefined: the pod's own grace period. */
  removePod(name: string, graceSeconds?: number): Promise<void>;
  slice(options: SliceOptions): Promise<EndpointSlice>;
  /** Creates any other object and deletes it at the end. */
  own(dispose: () => Promise<unknown>): void;
}

/** A slice written by hand. */
export interface SliceOptions {
  readonly service: string;
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly ports?: EndpointSlice["ports"];
  readonly endpoints: EndpointSlice["endpoints"];
}

/** Runs a case in a cluster, and cleans up after it. */
export async function runCase(cluster: NetworkCluster, one: NetworkCase): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  await one.run(createContext(cluster, cleanup));
}

let lastSerial = 0;

function createContext(cluster: NetworkCluster, cleanup: AsyncDisposableStack): CaseContext {
  const { rest } = cluster.lab;
  const id = `t-${randomBytes(4).toString("hex")}`;
  const namespace = "default";
  const own = (dispose: () => Promise<unknown>): void =>
    cleanup.defer(() => dispose().then(ignore, ignore));
  let names = 0;
  const named = (name: string | undefined): string => name ?? `${id}-${++names}`;
  const removePod = (name: string, graceSeconds?: number): Promise<void> =>
    rest.delete(
      Kinds.Pod,
      { namespace, name },
      graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds },
    );
  const removeService = ({ metadata: { name } }: Service): Promise<void> =>
    rest.delete(Kinds.Service, { namespace, name });
  return {
    ...cluster,
    id,
    serial: ++lastSerial,
    own,
    removePod,
    removeService,
    async service(options: ServiceOptions = {}) {
      const service = await rest.create(Kinds.Service, draftService(named(options.name), options));
      own(() => removeService(service));
      if (options.balancerIp === undefined) return service;
      const ingress = [{ ip: options.balancerIp, ipMode: "VIP" }];
      const status = { loadBalancer: { ingress } };
      const ref = { namespace, name: service.metadata.name };
      const patch = { type: "merge", body: { status } } as const;
      return rest.patch(Kinds.Service, ref, patch, { subresource: "status" });
    },
    update: ({ metadata: { name } }, spec) =>
      rest.patch(Kinds.Service, { namespace, name }, { type: "merge", body: { spec } }),
    async pod(options) {
      const name = named(options.name);
      own(() => removePod(name, 0));
      return cluster.createPod({ ...options, name });
    },
    async slice(options) {
      const slice = await rest.create(
        Kinds.EndpointSlice,
        draftSlice(named(options.name), options),
      );
      own(() => rest.delete(Kinds.EndpointSlice, { namespace, name: slice.metadata.name }));
      return slice;
    },
  };
}

function ignore(): void {}

function draftService(name: string, options: ServiceOptions): Service {
  const { labels = {}, selector = { app: "echo" }, spec = {}, balancerIp } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", labels },
    spec: {
      ports: options.ports ?? [{ name: "tcp", port: 80, protocol: "TCP", targetPort: 8080 }],
      ...(selector !== null && { selector }),
      ...(balancerIp !== undefined && {
        type: "LoadBalancer",
        // Nobody else is to give it an address.
        loadBalancerClass: "network-test.example/none",
      }),
      ...spec,
    },
  };
}

function draftSlice(name: string, options: SliceOptions): EndpointSlice {
  const { service, labels = {}, annotations = {}, endpoints } = options;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      namespace: "default",
      labels: { [SERVICE_NAME_LABEL]: service, ...labels },
      annotations,
    },
    addressType: "IPv4",
    ports: options.ports ?? [{ name: "tcp", port: 8080, protocol: "TCP" }],
    endpoints,
  };
}

/** Where a Service's cluster IP and first port are. */
export function clusterIpOf(
  service: Service,
  port: number = service.spec.ports?.[0]?.port ?? 0,
): Target {
  return { host: service.spec.clusterIP ?? "", port };
}

/** A Service's NodePort on a node. */
export function nodePortOf(service: Service, host: string, index = 0): Target {
  return { host, port: service.spec.ports?.[index]?.nodePort ?? 0 };
}

/** For a question that is asked once: no machine is that slow. */
export function patiently(target: Target): Target {
  return { ...target, timeoutMs: 20_000 };
}

/** How a prober asks a netpod who it is. */
export type Protocol = "tcp" | "udp" | "http";

/** Asks once: `NAME CLIENT` or a word for what went wrong. */
export function ask(prober: Prober, target: Target, protocol: Protocol = "tcp"): Promise<string> {
  const soon = { timeoutMs: 800, ...target };
  if (protocol === "udp") return prober.udp({ ...soon, send: "hostname" });
  if (protocol === "tcp") return prober.tcp(soon);
  const request = "GET / HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n";
  return prober
    .tcp({ ...soon, send: request })
    .then((text) => (text.startsWith("HTTP/1.1 200") ? (text.split("\r\n\r\n")[1] ?? "") : text));
}

/** The pod that answered; a word as it is. */
export async function askName(
  prober: Prober,
  target: Target,
  protocol?: Protocol,
): Promise<string> {
  return (await ask(prober, target, protocol)).split(" ")[0] ?? "";
}

/** Longer than the 30 s after which kube-proxy looks after its rules. */
const WAIT_MS = 60_000;

/** Waits until asking gives a certain name or word. */
export async function answers(
  prober: Prober,
  target: Target,
  wanted: string,
  protocol?: Protocol,
): Promise<void> {
  let seen = "";
  const describe = (): string =>
    `${wanted} from ${target.host}:${target.port} to ${prober.name}; last: ${seen}`;
  await waitFor(async () => (seen = await askName(prober, target, protocol)) === wanted, {
    timeoutMs: WAIT_MS,
    describe,
  });
}

/** Whether an outcome is a word for what went wrong. */
export function isFailure(outcome: string): boolean {
  return /^[A-Z]*$/.test(outcome);
}

/** Waits until some pod answers; gives its name. */
export async function reachable(
  prober: Prober,
  target: Target,
  protocol?: Protocol,
): Promise<string> {
  let seen = "";
  return waitFor(
    async () => {
      seen = await askName(prober, target, protocol);
      return isFailure(seen) ? undefined : seen;
    },
    {
      timeoutMs: WAIT_MS,
      describe: () => `${prober.name} to reach ${target.host}:${target.port}; last: ${seen}`,
    },
  );
}

/** Waits until nobody answers, whatever the client is told, five times in a row. */
export async function unanswered(
  prober: Prober,
  target: Target,
  protocol?: Protocol,
): Promise<void> {
  let seen = "";
  await waitFor(
    async () => {
      for (let n = 0; n < 5; n++) {
        seen = await askName(prober, { timeoutMs: 200, ...target }, protocol);
        if (!isFailure(seen)) return undefined;
      }
      return true;
    },
    {
      timeoutMs: WAIT_MS,
      describe: () => `${target.host}:${target.port} to be dead to ${prober.name}; last: ${seen}`,
    },
  );
}

/**
 * Waits until a target is served by exactly these pods: each has answered, and so many answers in a
 * row came from no other (upstream: MaxTries = n² + 30).
 */
export async function servedBy(
  prober: Prober,
  target: Target,
  names: readonly string[] = ECHOES,
  protocol?: Protocol,
): Promise<void> {
  let seen: string[] = [];
  const describe = (): string =>
    `${protocol ?? "tcp"} ${target.host}:${target.port} to be served by ${names.join(", ")} ` +
    `for ${prober.name}; last: ${seen.join(" ")}`;
  await waitFor(
    async () => {
      seen = [];
      for (let n = 0; n < names.length ** 2 + 30; n++) {
        const name = await askName(prober, target, protocol);
        seen.push(name);
        if (!names.includes(name)) return undefined;
        if (n >= 8 && new Set(seen).size === names.length) return true;
      }
      return undefined;
    },
    { timeoutMs: WAIT_MS, describe },
  );
}

/** The name of the one pod that all of `count` answers in a row come from; undefined when several. */
export async function stuckTo(
  prober: Prober,
  target: Target,
  count = 15,
  protocol?: Protocol,
): Promise<string | undefined> {
  const names = new Set<string>();
  for (let n = 0; n < count && names.size < 2; n++)
    names.add(await askName(prober, target, protocol));
  return names.size === 1 ? [...names][0] : undefined;
}
