import {
  type ContainerPort,
  isDNS1123Label,
  isDNS1123Subdomain,
  isValidLabelValue,
  type Probe,
} from "@kubehop/api";
import { LabelTextError, parseLabelPairs, parsePorts, parseReadiness } from "./label-text.ts";

/** A container of the engine, as far as its labels say what it is. */
export interface LabelledContainer {
  /** Its name in the engine, without the leading slash. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The pod a container's labels ask for. */
export interface LabelledPod {
  readonly namespace: string;
  readonly name: string;
  /** Labels of the Pod, with those the workload gives. */
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly ContainerPort[];
  /** Absent: the pod is ready as soon as its container runs. */
  readonly readiness?: Probe;
  /** Whether the container says itself that nothing is to be probed, or forgot the label. */
  readonly saysReadiness: boolean;
  readonly weight?: number;
  /** Name of the container in the Pod. */
  readonly container: string;
}

/** A label that cannot be followed. */
export interface LabelProblem {
  readonly label: string;
  readonly value: string;
  /** What the label may hold. */
  readonly accepted: string;
}

/** What the labels of a container come to: no pod of ours, a pod, or what is wrong with them. */
export type ParsedLabels =
  | { readonly kind: "none" }
  | { readonly kind: "pod"; readonly pod: LabelledPod }
  | { readonly kind: "wrong"; readonly problems: readonly LabelProblem[] };

/** The labels by which a container becomes a Pod. */
export const LABELS = {
  namespace: "kubehop.dev/namespace",
  name: "kubehop.dev/name",
  labels: "kubehop.dev/labels",
  ports: "kubehop.dev/ports",
  readiness: "kubehop.dev/readiness",
  weight: "kubehop.dev/weight",
  workload: "kubehop.dev/workload",
  container: "kubehop.dev/container",
} as const;

const PREFIX = "kubehop.dev/";
const KNOWN: ReadonlySet<string> = new Set(Object.values(LABELS));
const DEFAULT_CONTAINER = "app";
const MAX_WEIGHT = 1_000_000;

/**
 * Reads the labels by which a container becomes a Pod (README, "Containers as pods"); pure. Every
 * label that is wrong is told, not only the first.
 */
export function parsePodLabels(container: LabelledContainer): ParsedLabels {
  const { labels } = container;
  if (labels[LABELS.namespace] === undefined) return { kind: "none" };
  const problems: LabelProblem[] = [];
  const read = createReader(labels, problems);
  const workload = read(LABELS.workload, parseLabelValue, "");
  const ports = read(LABELS.ports, parsePorts, []);
  const pod = {
    namespace: read(LABELS.namespace, parseName, ""),
    name: readName(container, problems),
    labels: { ...workloadLabels(workload), ...read(LABELS.labels, parseLabelPairs, {}) },
    ports,
    saysReadiness: labels[LABELS.readiness] !== undefined,
    container: read(LABELS.container, parseName, DEFAULT_CONTAINER),
  };
  const readiness = read(LABELS.readiness, (text) => parseReadiness(text, ports), undefined);
  const weight = read(LABELS.weight, parseWeight, undefined);
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith(PREFIX) || KNOWN.has(label)) continue;
    problems.push({ label, value, accepted: `no such label; there are ${known()}` });
  }
  if (problems.length > 0) return { kind: "wrong", problems };
  return {
    kind: "pod",
    pod: {
      ...pod,
      ...(readiness === undefined ? {} : { readiness }),
      ...(weight === undefined ? {} : { weight }),
    },
  };
}

/** A sentence for the user: container, label, value and what is accepted. */
export function describeProblem(
  container: string,
  { label, value, accepted }: LabelProblem,
): string {
  return `container "${container}": label ${label}=${JSON.stringify(value)}: accepted: ${accepted}`;
}

/** The name a container has in the engine, as a Pod can bear it: lower case, "_" becomes "-". */
export function podNameOf(containerName: string): string {
  return containerName.toLowerCase().replaceAll("_", "-");
}

type Reader = <T, D>(label: string, parse: (text: string) => T, absent: D) => T | D;

function createReader(labels: Readonly<Record<string, string>>, problems: LabelProblem[]): Reader {
  return (label, parse, absent) => {
    const value = labels[label];
    if (value === undefined) return absent;
    try {
      return parse(value.trim());
    } catch (error) {
      if (!(error instanceof LabelTextError)) throw error;
      problems.push({ label, value, accepted: error.message });
      return absent;
    }
  };
}

function readName({ name, labels }: LabelledContainer, problems: LabelProblem[]): string {
  const given = labels[LABELS.name]?.trim();
  const found = given ?? podNameOf(name);
  if (isDNS1123Subdomain(found).length === 0) return found;
  const accepted =
    "the name of a Pod: lower case letters, digits, - and . up to 253 characters, beginning and " +
    "ending with a letter or digit (without the label: the container's name)";
  problems.push({ label: LABELS.name, value: given ?? name, accepted });
  return found;
}

function workloadLabels(workload: string): Record<string, string> {
  return workload === "" ? {} : { app: workload, [LABELS.workload]: workload };
}

function parseName(text: string): string {
  if (isDNS1123Label(text).length === 0) return text;
  throw new LabelTextError(
    "lower case letters, digits and - up to 63 characters, beginning and ending with a letter or digit",
  );
}

function parseLabelValue(text: string): string {
  if (text !== "" && isValidLabelValue(text).length === 0) return text;
  throw new LabelTextError(
    "the name of a workload: letters, digits, -, _ and . up to 63 characters",
  );
}

function parseWeight(text: string): number {
  const weight = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (weight <= MAX_WEIGHT) return weight;
  throw new LabelTextError("a whole number from 0 to 1000000");
}

function known(): string {
  return [...KNOWN].map((label) => label.slice(PREFIX.length)).join(", ");
}
