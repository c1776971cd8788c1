import { badRequest, type FieldSelector, type Kind, type KubeObject } from "@kubehop/api";
import { customTraits } from "../custom-resources/custom-kind.ts";

/** The fields that field selectors may name, beyond metadata.name and metadata.namespace. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
  ],
  services: ["spec.clusterIP", "spec.type"],
  nodes: ["spec.unschedulable"],
  namespaces: ["status.phase"],
  secrets: ["type"],
  replicationcontrollers: ["status.replicas"],
  "jobs.batch": ["status.successful"],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
};

/** Fields of any kind. */
const COMMON = ["metadata.name", "metadata.namespace"];

/** Numbers whose absence means 0. */
const NUMBERS = new Set(["status.replicas"]);

/** Booleans whose absence means false. */
const BOOLEANS = new Set(["spec.hostNetwork", "spec.unschedulable"]);

/** Throws 400 with upstream's text when a selector names a field the kind can't be selected by. */
export function checkFieldSelector(kind: Kind, selector: FieldSelector): void {
  const name = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  const own = customTraits(kind)?.selectable ?? FIELDS[name];
  for (const { field } of selector) {
    if (COMMON.includes(field) || own?.includes(field) === true) continue;
    throw own === undefined
      ? badRequest(
          `${JSON.stringify(field)} is not a known field selector: ` +
            'only "metadata.name", "metadata.namespace"',
        )
      : badRequest(`field label not supported: ${field}`);
  }
}

/** The value of a selectable field as text; empty when the object does not have it. */
export function fieldValue(object: KubeObject, field: string): string {
  // Upstream named the selector so, the field otherwise.
  if (field === "status.successful") return fieldValue(object, "status.succeeded") || "0";
  if (field === "source") return eventSource(object);
  const value = valueAt(object, field.split("."));
  if (value === undefined && BOOLEANS.has(field)) return "false";
  if (value === undefined && NUMBERS.has(field)) return "0";
  if (Array.isArray(value)) return value.map((one: { ip?: string }) => one.ip ?? "").join(",");
  return ["string", "boolean", "number"].includes(typeof value) ? String(value) : "";
}

/** An Event's source is its component, or in newer events the reporting controller. */
function eventSource(object: KubeObject): string {
  const component = valueAt(object, ["source", "component"]) ?? object["reportingComponent"];
  return typeof component === "string" ? component : "";
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const part of path) value = (value as Record<string, unknown> | undefined | null)?.[part];
  return value;
}
