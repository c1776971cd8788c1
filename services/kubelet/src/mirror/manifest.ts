import { isIP } from "node:net";
import { isDNS1123Label, isDNS1123Subdomain, type Pod } from "@kubehop/api";
import { type Document, isCollection, LineCounter, parseAllDocuments } from "yaml";
import type { StaticPodProblem } from "./static-pod.ts";

/** A pod of a file: the upstream object, and where it can be reached. */
export interface ManifestPod {
  readonly pod: Pod;
  readonly ips: readonly string[];
  /** `FILE:LINE` of the document. */
  readonly origin: string;
}

/** What a file says. */
export interface Manifest {
  readonly pods: readonly ManifestPod[];
  /** Each with file, line and field. With any of them the file is not followed. */
  readonly problems: readonly StaticPodProblem[];
}

/** Where a pod of a file can be reached: one address, or one an IP family. */
export const IP_ANNOTATION = "kubehop.dev/ip";

type Path = readonly (number | string)[];

/** Reads a file of Pods (YAML or JSON, documents between `---`); pure, never throws. */
export function parseManifest(file: string, text: string): Manifest {
  const counter = new LineCounter();
  const pods: ManifestPod[] = [];
  const problems: StaticPodProblem[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: counter })) {
    if (document === null || !("errors" in document)) continue;
    const lineOf = (offset: number): number => counter.linePos(offset).line;
    const report = (line: number, message: string): void => {
      problems.push({ reason: "InvalidManifest", message: `${file}:${line}: ${message}` });
    };
    for (const { pos, message } of document.errors) report(lineOf(pos[0]), firstLine(message));
    if (document.errors.length > 0) continue;
    const before = problems.length;
    const value = toPlain(document);
    if (value === null) continue;
    checkPod(value, (path, message) => {
      report(lineOf(offsetOf(document, path)), `${formatPath(path)}: ${message}`);
    });
    if (problems.length > before) continue;
    const pod = value as Pod;
    const ips = addressesOf(pod.metadata.annotations?.[IP_ANNOTATION]);
    pods.push({ pod, ips, origin: `${file}:${lineOf(offsetOf(document, ["kind"]))}` });
  }
  return { pods, problems };
}

/** An anchor within what it names would be an object without end: that is no pod. */
function toPlain(document: Document.Parsed): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? null)) as unknown;
  } catch {
    return undefined;
  }
}

type Report = (path: Path, message: string) => void;

function checkPod(value: unknown, report: Report): void {
  if (!isRecord(value))
    return report([], "a Pod is a mapping with apiVersion, kind, metadata, spec");
  if (value["apiVersion"] !== "v1")
    report(["apiVersion"], `must be v1${instead(value["apiVersion"])}`);
  if (value["kind"] !== "Pod") report(["kind"], `must be Pod${instead(value["kind"])}`);
  checkMetadata(value["metadata"], report);
  const spec = isRecord(value["spec"]) ? value["spec"] : {};
  const { containers } = spec as { containers?: unknown };
  if (!Array.isArray(containers) || containers.length === 0) {
    return report(["spec", "containers"], "needs at least one container");
  }
  for (const [index, container] of containers.entries()) {
    checkContainer(container, ["spec", "containers", index], report);
  }
}

function checkMetadata(value: unknown, report: Report): void {
  if (!isRecord(value)) return report(["metadata"], "is needed, with a name");
  const { name, namespace = "default", annotations } = value;
  if (typeof name !== "string" || isDNS1123Subdomain(name).length > 0) {
    report(["metadata", "name"], `must be the name of a Pod${instead(name)}`);
  }
  if (typeof namespace !== "string" || isDNS1123Label(namespace).length > 0) {
    report(["metadata", "namespace"], `must be the name of a Namespace${instead(namespace)}`);
  }
  const ip = isRecord(annotations) ? annotations[IP_ANNOTATION] : undefined;
  const addresses = typeof ip === "string" ? addressesOf(ip) : [];
  if (addresses.length > 0 && addresses.every((address) => isIP(address) !== 0)) return;
  const message = `must be the address the pod can be reached at, e.g. 10.244.1.21${instead(ip)}`;
  report(["metadata", "annotations", IP_ANNOTATION], message);
}

const PROBES = ["readinessProbe", "livenessProbe", "startupProbe"];

function checkContainer(value: unknown, path: Path, report: Report): void {
  if (!isRecord(value)) return report(path, "must be a mapping with name and image");
  const { name } = value;
  if (typeof name !== "string" || isDNS1123Label(name).length > 0) {
    report([...path, "name"], `must be the name of a container${instead(name)}`);
  }
  for (const probe of PROBES) {
    const given = value[probe];
    if (given === undefined) continue;
    const handlers = isRecord(given) ? given : {};
    if (handlers["httpGet"] !== undefined || handlers["tcpSocket"] !== undefined) continue;
    const message = "needs httpGet or tcpSocket: the pod is reached over the network alone";
    report([...path, probe], message);
  }
}

function addressesOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
}

/** Where a field is written; for one that is missing, what it would be in. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = (node as { range?: readonly number[] | null } | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  const { contents } = document;
  return (isCollection(contents) ? contents.range?.[0] : undefined) ?? 0;
}

function formatPath(path: Path): string {
  const text = path.map((part) => {
    if (typeof part === "number") return `[${part}]`;
    return part.includes("/") ? `[${part}]` : `.${part}`;
  });
  return text.join("").replace(/^\./, "") || "document";
}

function instead(value: unknown): string {
  return value === undefined ? "; it is missing" : `, not ${JSON.stringify(value)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.replace(/ at line \d+, column \d+:$/, "") ?? "";
}
