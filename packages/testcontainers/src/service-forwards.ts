import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { listenTcp, listenUdp, type Relay } from "@kubehop/tunnel";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";
import { findService, findServicePort, parseServiceName } from "./service-name.ts";

/** A Service's port as the test process reaches it. */
export interface ForwardedPort {
  readonly host: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
  /** The port's name, which may tell the scheme. */
  readonly name?: string;
}

/** Local ports that lead to Services; disposing it closes them. */
export interface ServiceForwards extends AsyncDisposable {
  /** Opens a port for a Service, or gives the one that is open. Throws KubehopError. */
  forward(service: string): Promise<ForwardedPort>;
}

const HOST = "127.0.0.1";
const DIAL_TIMEOUT_MS = 10_000;

/**
 * Each local connection becomes one to the Service's ClusterIP in the first node's network, so
 * that node's kube-proxy chooses the endpoint. Only the gateway's one port is mapped.
 */
export function createServiceForwards(cluster: Cluster): ServiceForwards {
  const relays = new Map<string, Promise<Relay>>();
  return {
    async forward(text) {
      const wanted = parseServiceName(text);
      const service = await findService(cluster, wanted);
      const { clusterIP = "" } = service.spec;
      const found = findServicePort(service, wanted.port);
      const { port, name, protocol = "TCP" } = found;
      if (clusterIP === "" || clusterIP === "None" || protocol === "SCTP") {
        throw new KubehopError(
          `Service ${wanted.namespace}/${wanted.name} has no address for ${protocol}: ${clusterIP === "None" ? "it is headless" : "none"}.`,
          "request() and resolve() ask from inside a pod, which reaches its pods.",
        );
      }
      const key = `${protocol} ${clusterIP}:${port}`;
      const opened = relays.get(key) ?? open(cluster, { protocol, host: clusterIP, port });
      relays.set(key, opened);
      const local = (await opened).port;
      return { host: HOST, port: local, protocol, ...(name === undefined ? {} : { name }) };
    },
    async [Symbol.asyncDispose]() {
      const opened = await Promise.allSettled(relays.values());
      relays.clear();
      const listening = opened.filter((result) => result.status === "fulfilled");
      await Promise.all(listening.map(({ value }) => value[Symbol.asyncDispose]()));
    },
  };
}

function open(
  cluster: Cluster,
  target: { readonly protocol: "TCP" | "UDP"; readonly host: string; readonly port: number },
): Promise<Relay> {
  const options = {
    host: HOST,
    port: 0,
    target,
    open: () => openGateway(cluster),
    dialTimeoutMs: DIAL_TIMEOUT_MS,
  };
  return target.protocol === "UDP" ? listenUdp(options) : listenTcp(options);
}

async function openGateway({ gateway, server }: Cluster): Promise<Duplex> {
  const { ca, cert, key } = server;
  const socket: TLSSocket = connect({
    ...gateway,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  await once(socket, "secureConnect", { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) });
  return socket.setNoDelay(true);
}
