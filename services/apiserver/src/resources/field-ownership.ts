import {
  apiVersionOf,
  type FieldManager,
  type FieldSet,
  fieldSetOf,
  type Kind,
  type KubeObject,
  managedFieldsAfterUpdate,
  type OwnershipRules,
} from "@kubehop/api";
import { timestamp } from "./metadata.ts";

/** Who writes an object, as its metadata.managedFields tell. */
export interface Writer {
  /** The fieldManager of the request. */
  readonly manager: string;
  /** The subresource it writes through: `status`, `scale`, `ephemeralcontainers`. */
  readonly subresource?: string;
}

/** This server, when it writes on its own account. */
export const SERVER: Writer = { manager: "kube-apiserver" };

/** Name of a writer that tells none. */
const UNKNOWN = "unknown";

/** A write other than apply. */
export interface TrackedWrite {
  /** The stored object; undefined when it is created. */
  readonly live: KubeObject | undefined;
  /** What it becomes, with defaults; its managedFields are what the client sent. */
  readonly next: KubeObject;
  readonly writer: Writer;
  /** Unix time in ms. */
  readonly now: number;
}

/** Sets the managedFields of an object that is written: who changes a field owns it. */
export function trackFields(kind: Kind, { live, next, writer, now }: TrackedWrite): void {
  const manager = fieldManagerOf(kind, writer, "Update");
  const rules = ownershipRulesOf(kind, writer);
  const write = { live, next, manager, time: timestamp(now) };
  const managedFields = managedFieldsAfterUpdate(rules, write);
  if (managedFields.length === 0) delete next.metadata.managedFields;
  else next.metadata.managedFields = managedFields;
}

/** The writer as an entry of managedFields names it. */
export function fieldManagerOf(
  kind: Kind,
  { manager, subresource }: Writer,
  operation: FieldManager["operation"],
): FieldManager {
  return {
    name: manager === "" ? UNKNOWN : manager,
    operation,
    apiVersion: apiVersionOf(kind),
    ...(subresource !== undefined && { subresource }),
  };
}

/** What ownership of a kind's fields depends on when it is written this way. */
export function ownershipRulesOf(kind: Kind, { subresource }: Writer): OwnershipRules {
  return { schema: kind.schema, ignored: ignoredFields(kind, subresource) };
}

/** The one field that a subresource sets, and nothing else. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  status: ["status"],
  ephemeralcontainers: ["spec", "ephemeralContainers"],
};

/** The object itself can't set its status, and the status nothing else. */
function ignoredFields(kind: Kind, subresource = ""): FieldSet {
  const part = PARTS[subresource];
  if (part === undefined) return kind.status ? STATUS : NONE;
  return fieldSetOf(...fieldsBeside(kind.schema, part));
}

interface Properties {
  readonly properties?: Readonly<Record<string, Properties>>;
}

/** The paths of all fields of a schema beside the one at a path. */
function fieldsBeside({ properties = {} }: Properties, [name, ...rest]: readonly string[]): Path[] {
  if (name === undefined) return [];
  const others = Object.keys(properties).filter((other) => other !== name);
  const below = fieldsBeside(properties[name] ?? {}, rest);
  return [...others.map((other) => [`f:${other}`]), ...below.map((path) => [`f:${name}`, ...path])];
}

type Path = string[];

const STATUS = fieldSetOf(["f:status"]);
const NONE = fieldSetOf();
