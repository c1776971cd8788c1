import type { Container } from "@kubehop/api";
import type { EngineContainer } from "../runtime/docker/engine-container.ts";
import { describeProblem, type LabelledPod, parsePodLabels } from "./labels.ts";
import type { PodRange } from "./pod-range.ts";
import type { StaticPod, StaticPodProblem } from "./static-pod.ts";

/** What a node's pods must fit. */
export interface PodPlace {
  /** Name of the node's network. */
  readonly network: string;
  readonly range: PodRange;
}

/** What a container comes to: a pod but for its containers' life, or what is wrong with it. */
export interface LabelledResult {
  readonly pod?: Omit<StaticPod, "containers"> & { readonly container: string };
  readonly problems: readonly StaticPodProblem[];
}

const NOTHING: LabelledResult = { problems: [] };

/**
 * The pod a labelled container stands for; pure. A container that is not on the node's network is
 * no pod of this node.
 */
export function toLabelledPod(container: EngineContainer, place: PodPlace): LabelledResult {
  const parsed = parsePodLabels(container);
  const ips = container.networks[place.network];
  if (parsed.kind === "none" || ips === undefined) return NOTHING;
  if (parsed.kind === "wrong") {
    const problems = parsed.problems.map((problem) => {
      return { reason: "InvalidLabels", message: describeProblem(container.name, problem) };
    });
    return { problems };
  }
  const outside = ips.find((ip) => !place.range.contains(ip));
  if (outside !== undefined) return { problems: [outOfRange(container, outside, place)] };
  return { pod: podOf(container, parsed.pod, container.running ? ips : []), problems: [] };
}

function outOfRange(
  { name }: EngineContainer,
  ip: string,
  { network, range: { podCidrs } }: PodPlace,
): StaticPodProblem {
  const message =
    `container "${name}": its address ${ip} on network "${network}" is outside the node's pod ` +
    `CIDR ${podCidrs.join(", ")}: give it an address inside, or the kubelet that --pod-cidr`;
  return { reason: "IPOutOfRange", message };
}

function podOf(
  { name, image }: EngineContainer,
  labelled: LabelledPod,
  ips: readonly string[],
): NonNullable<LabelledResult["pod"]> {
  const container: Container = {
    name: labelled.container,
    image,
    ports: [...labelled.ports],
    ...(labelled.readiness === undefined ? {} : { readinessProbe: labelled.readiness }),
  };
  const origin = `container "${name}"`;
  const noProbe =
    `${origin} has no label kubehop.dev/readiness: the pod is ready as soon as its container ` +
    'runs; write "none" if that is meant';
  return {
    namespace: labelled.namespace,
    name: labelled.name,
    origin,
    labels: labelled.labels,
    annotations:
      labelled.weight === undefined ? {} : { "kubehop.dev/weight": String(labelled.weight) },
    spec: { containers: [container] },
    ips,
    container: labelled.container,
    ...(labelled.saysReadiness ? {} : { notice: { reason: "NoReadinessProbe", message: noProbe } }),
  };
}
