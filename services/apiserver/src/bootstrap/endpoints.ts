import {
  type EndpointSlice,
  type Endpoints,
  Kinds,
  SERVICE_NAME_LABEL,
  SKIP_MIRROR_LABEL,
} from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import { isIPv6 } from "node:net";
import { startPeriodic } from "../resources/periodic.ts";
import type { Resources } from "../resources/resources.ts";
import { ensureObject } from "./bootstrap.ts";
import { type BootstrapObject, KUBERNETES } from "./objects.ts";
import type { ServerAddress, ServerLeases } from "./server-leases.ts";

/** How often leases are looked at. */
const INTERVAL_MS = 1_000;

/** What publishing needs. */
export interface PublishOptions {
  readonly leases: ServerLeases;
  readonly logger: Logger;
  /** Whether the registry can be reached. */
  readonly connected: () => boolean;
}

/**
 * Keeps the endpoints of `default/kubernetes` to the API servers that live, this one among them.
 * Resolves when they are written. Disposing takes this server out, unless it is the last: nobody
 * is helped by a Service without endpoints (as upstream).
 */
export async function publishEndpoints(
  resources: Resources,
  { leases, logger, connected }: PublishOptions,
): Promise<AsyncDisposable> {
  const write = async (servers: readonly ServerAddress[]): Promise<void> => {
    for (const object of endpointObjects(servers)) await ensureObject(resources, object);
  };
  const publish = async (): Promise<void> => {
    await leases.renew();
    await write(await leases.live());
  };
  await publish();
  const task = startPeriodic({
    intervalMs: INTERVAL_MS,
    run: async () => {
      if (connected()) await publish();
      else await leases.live();
    },
    onFailure: (error) => {
      logger.warn({ err: error }, "the endpoints of default/kubernetes not written, will retry");
    },
  });
  return {
    async [Symbol.asyncDispose]() {
      await task[Symbol.asyncDispose]();
      if (!connected()) return;
      try {
        await leases.release();
        await write(await leases.others());
      } catch (error) {
        logger.warn({ err: error }, "this server's endpoint not removed, others will do it");
      }
    },
  };
}

/**
 * Endpoints and EndpointSlice for some servers; nothing for none. One slice has one family and one
 * port, so servers that differ from the first in these are left out.
 */
export function endpointObjects(servers: readonly ServerAddress[]): BootstrapObject[] {
  const [first] = servers;
  if (first === undefined) return [];
  const { port } = first;
  const addresses = servers
    .filter((server) => server.port === port && isIPv6(server.ip) === isIPv6(first.ip))
    .map(({ ip }) => ip);
  return [
    { kind: Kinds.Endpoints, object: endpoints(addresses, port), fixed: true },
    { kind: Kinds.EndpointSlice, object: endpointSlice(addresses, port), fixed: true },
  ];
}

function endpoints(addresses: readonly string[], port: number): Endpoints {
  const labels = { [SKIP_MIRROR_LABEL]: "true" };
  const ports = [{ name: "https", port, protocol: "TCP" as const }];
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: KUBERNETES, namespace: "default", labels },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports }],
  };
}

function endpointSlice(addresses: readonly string[], port: number): EndpointSlice {
  const [first = ""] = addresses;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: KUBERNETES,
      namespace: "default",
      labels: { [SERVICE_NAME_LABEL]: KUBERNETES },
    },
    addressType: isIPv6(first) ? "IPv6" : "IPv4",
    endpoints: addresses.map((address) => ({
      addresses: [address],
      conditions: { ready: true },
    })),
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
}
