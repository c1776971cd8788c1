import {
  type EndpointSlice,
  type HopEvent,
  isNotFound,
  Kinds,
  type Node,
  type Pod,
  type Service,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import type { RestClient } from "@kubehop/client";
import { CliError } from "../cli-error.ts";
import { openHopStream } from "@kubehop/trace";
import { closestWord } from "./closest-word.ts";

/** Everything an explanation of a Service is made from. */
export interface ExplainedCluster {
  readonly service: Service;
  /** The slices of the Service. */
  readonly slices: readonly EndpointSlice[];
  /** The pods of the Service's namespace. */
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  /** The registry revision that each node's kube-proxy serves; absent when it did not say. */
  readonly proxies: ReadonlyMap<string, string>;
}

/** Reads what concerns a Service. Throws CliError when there is no such Service. */
export async function readExplainedCluster(
  rest: RestClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<ExplainedCluster> {
  const labelSelector = `${SERVICE_NAME_LABEL}=${name}`;
  const service = await rest.get(Kinds.Service, { namespace, name }).catch(async (error) => {
    throw isNotFound(error) ? await noSuchService(rest, { namespace, name }) : error;
  });
  const [slices, pods, nodes] = await Promise.all([
    rest.list(Kinds.EndpointSlice, { namespace, labelSelector }),
    rest.list(Kinds.Pod, { namespace }),
    rest.list(Kinds.Node),
  ]);
  const names = nodes.items.map(({ metadata }) => metadata.name);
  const proxies = await readProxies(rest, names);
  return { service, slices: slices.items, pods: pods.items, nodes: nodes.items, proxies };
}

/** Opens the hop stream: each proxy says at once which revision it serves. */
async function readProxies(
  rest: RestClient,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  using hops = await openHopStream(rest);
  const { told } = await hops.joined((events) => {
    const told = new Map(events.flatMap(servedBy));
    return { told, complete: nodes.every((node) => told.has(node)) };
  });
  return told;
}

function servedBy(event: HopEvent): [node: string, resourceVersion: string][] {
  const ofProxy = event.type === "synced" && event.component === "kube-proxy";
  return ofProxy ? [[event.node, event.resourceVersion]] : [];
}

async function noSuchService(
  rest: RestClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<CliError> {
  const { items } = await rest.list(Kinds.Service);
  const elsewhere = items.find(({ metadata }) => metadata.name === name)?.metadata.namespace;
  const here = items.filter(({ metadata }) => metadata.namespace === namespace);
  const similar = closestWord(
    name,
    here.map(({ metadata }) => metadata.name),
  );
  return new CliError(
    `There is no Service "${name}" in namespace ${namespace}.`,
    elsewhere !== undefined
      ? `There is one in namespace ${elsewhere}: kubehop explain svc/${name} -n ${elsewhere}`
      : similar !== undefined
        ? `Did you mean svc/${similar}?`
        : "kubehop status lists the Services.",
  );
}
