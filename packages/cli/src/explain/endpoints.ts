import {
  type EndpointSlice,
  labelSelectorMatches,
  type Pod,
  selectorFromMap,
  type Service,
  type ServicePort,
} from "@kubehop/api";
import {
  candidatesOf,
  collectEndpoints,
  type EndpointSet,
  formatAddress,
  type Protocol,
  type ServiceEndpoint,
} from "@kubehop/routing";
import type { EndpointExplanation, EndpointState } from "./explanation.ts";
import { whyNoAddress, whyNotReady } from "./pod-reason.ts";

/** One port in one IP family, and what a node's table made of it. */
export interface PortView {
  readonly service: Service;
  readonly slices: readonly EndpointSlice[];
  readonly pods: readonly Pod[];
  readonly node: string;
  readonly port: ServicePort;
  readonly family: "IPv4" | "IPv6";
  /** The policy that holds for clients in the cluster. */
  readonly policy: "Cluster" | "Local";
  /** What the node draws from; absent for a headless Service. */
  readonly drawn?: EndpointSet;
}

/** Every endpoint and every selected pod that might have been one, each with its state. */
export function explainEndpoints(view: PortView): EndpointExplanation[] {
  const { slices, port, family, node } = view;
  const listed = collectEndpoints(slices, {
    portName: port.name ?? "",
    protocol: (port.protocol ?? "TCP") as Protocol,
    family,
    nodeName: node,
  });
  const inSlices = new Set(listed.map(({ ip }) => ip));
  const missing = selectedPods(view).filter((pod) => !inSlices.has(addressOf(pod, family) ?? ""));
  return [
    ...listed.map((endpoint) => explainListed(view, endpoint)),
    ...missing.map((pod) => explainMissing(pod, view)),
  ];
}

/** The pods that the Service's selector matches; none without a selector. */
export function selectedPods({ service, pods }: Pick<PortView, "service" | "pods">): Pod[] {
  const { selector = {} } = service.spec;
  if (Object.keys(selector).length === 0) return [];
  const wanted = selectorFromMap(selector);
  return pods.filter(({ metadata }) => labelSelectorMatches(wanted, metadata.labels ?? {}));
}

function explainListed(view: PortView, endpoint: ServiceEndpoint): EndpointExplanation {
  const source = view.slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .find(({ addresses }) => addresses[0] === endpoint.ip);
  const pod = view.pods.find(({ metadata }) => metadata.name === source?.targetRef?.name);
  const drawn = view.drawn === undefined ? undefined : candidatesOf(view.drawn);
  const share = drawn?.find(({ ip, port }) => ip === endpoint.ip && port === endpoint.port);
  const usable = drawn === undefined ? endpoint.ready : share !== undefined;
  const state = stateOf(view, endpoint, usable);
  return {
    address: endpoint.key,
    ...(pod !== undefined && { pod: `${pod.metadata.namespace}/${pod.metadata.name}` }),
    ...(source?.nodeName !== undefined && { node: source.nodeName }),
    ...(source?.zone !== undefined && { zone: source.zone }),
    weight: endpoint.weight,
    ...(drawn !== undefined && { probability: share?.probability ?? 0 }),
    state,
    reason: reasonOf(state, { endpoint, pod, view }),
  };
}

/** DNS gives every ready endpoint of a headless Service; a proxy those it draws from. */
function stateOf(
  view: PortView,
  { ready, terminating, weight, local }: ServiceEndpoint,
  drawn: boolean,
): EndpointState {
  if (drawn && weight === 0 && view.drawn !== undefined) return "WeightZero";
  if (drawn) return ready ? "Serving" : "ServingLast";
  if (terminating) return "Terminating";
  if (!ready) return "NotReady";
  return view.policy === "Local" && !local ? "NotLocal" : "HintedElsewhere";
}

interface ReasonContext {
  readonly endpoint: ServiceEndpoint;
  readonly pod: Pod | undefined;
  readonly view: PortView;
}

function reasonOf(state: EndpointState, { endpoint, pod, view }: ReasonContext): string {
  switch (state) {
    case "NotReady":
      return pod === undefined ? "its slice says ready: false" : whyNotReady(pod);
    case "Terminating":
      return endpoint.serving
        ? "other endpoints are ready"
        : "it no longer passes its readiness probe";
    case "ServingLast":
      return "it terminates, but no ready endpoint is left";
    case "HintedElsewhere":
      return `meant for ${[...endpoint.nodeHints, ...endpoint.zoneHints].join(", ")}`;
    case "NotLocal":
      return `the policy is Local and it is not on ${view.node}`;
    default:
      return "";
  }
}

function explainMissing(pod: Pod, { family, port }: PortView): EndpointExplanation {
  const { namespace, name } = pod.metadata;
  const { nodeName } = pod.spec;
  const ip = addressOf(pod, family);
  const number = typeof port.targetPort === "number" ? port.targetPort : undefined;
  return {
    pod: `${namespace}/${name}`,
    ...(ip !== undefined && number !== undefined && { address: formatAddress(ip, number) }),
    ...(nodeName !== undefined && { node: nodeName }),
    weight: 0,
    probability: 0,
    ...whyMissing(pod, { ip, port }),
  };
}

function whyMissing(
  pod: Pod,
  { ip, port }: { readonly ip: string | undefined; readonly port: ServicePort },
): Pick<EndpointExplanation, "state" | "reason"> {
  const phase = pod.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") {
    return { state: "Finished", reason: `phase ${phase}` };
  }
  if (ip === undefined) return { state: "NoAddress", reason: whyNoAddress(pod) };
  if (typeof port.targetPort === "string" && !declaredPorts(pod).has(port.targetPort)) {
    return { state: "NoPort", reason: `it has no port named "${port.targetPort}"` };
  }
  return { state: "NotListed", reason: "the EndpointSlice controller has not listed it yet" };
}

/** The port numbers, as text, and port names that a pod's containers declare. */
export function declaredPorts({ spec }: Pod): Set<string> {
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  return new Set(ports.flatMap(({ name, containerPort }) => [name ?? "", String(containerPort)]));
}

function addressOf({ status }: Pod, family: PortView["family"]): string | undefined {
  const ips = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP ?? ""];
  return ips.find((ip) => ip !== "" && ip.includes(":") === (family === "IPv6"));
}
