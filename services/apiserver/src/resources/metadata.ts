import { badRequest, conflict, type Kind, type KubeObject } from "@kubehop/api";
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

/** Letters of generated names: no vowels, no digits that look like letters. */
const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH = 5;
/** A prefix is cut so that the whole name fits a DNS label. */
const PREFIX_LIMIT = 58;

/** Sets what the server owns in a new object's metadata; what the client sent there is dropped. */
export function fillNewMetadata(kind: Kind, object: KubeObject, now: number): void {
  const { metadata } = object;
  if ((metadata.resourceVersion ?? "") !== "") {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.generation;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
  if (kind.generation) metadata.generation = 1;
}

/** Carries over what a client can't change, and counts changes of the desired state. */
export function carryMetadata(kind: Kind, object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  if (metadata.uid !== undefined && metadata.uid !== "" && metadata.uid !== old.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${old.metadata.uid ?? ""}`;
    throw conflict(kind, metadata.name, why);
  }
  delete metadata.selfLink;
  carry(object, old, "uid");
  carry(object, old, "creationTimestamp");
  carry(object, old, "deletionTimestamp");
  carry(object, old, "deletionGracePeriodSeconds");
  carry(object, old, "generation");
}

/** Increases the generation when anything but metadata and status has changed. */
export function countGeneration(kind: Kind, object: KubeObject, old: KubeObject): void {
  if (!kind.generation || isDeepStrictEqual(contentOf(object), contentOf(old))) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/**
 * Whether two versions differ in nothing but their resourceVersion and the times of managers: a
 * write that changes nothing else is none (source: IgnoreManagedFieldsTimestampsTransformer).
 */
export function isUnchanged(object: KubeObject, old: KubeObject): boolean {
  return isDeepStrictEqual(comparable(object), comparable(old));
}

/** A name from a prefix and five random letters. `random` gives numbers in [0, 1). */
export function generateName(prefix: string, random: () => number): string {
  let name = prefix.slice(0, PREFIX_LIMIT);
  for (let index = 0; index < SUFFIX_LENGTH; index += 1) {
    name += SUFFIX_LETTERS[Math.floor(random() * SUFFIX_LETTERS.length)] ?? "";
  }
  return name;
}

/** Unix ms as metav1.Time: RFC 3339 in UTC, whole seconds. */
export function timestamp(now: number): string {
  const second = Math.floor(now / 1_000);
  if (second !== newest.second) {
    newest = { second, text: `${new Date(now).toISOString().slice(0, 19)}Z` };
  }
  return newest.text;
}

/** The second of the last timestamp: every write of that second has the same. */
let newest = { second: Number.NaN, text: "" };

function carry(object: KubeObject, old: KubeObject, field: keyof KubeObject["metadata"]): void {
  const value = old.metadata[field];
  if (value === undefined) delete object.metadata[field];
  else Object.assign(object.metadata, { [field]: value });
}

function contentOf(object: KubeObject): object {
  const { apiVersion: _a, kind: _k, metadata: _m, status: _s, ...content } = object;
  return content;
}

function comparable(object: KubeObject): object {
  const { resourceVersion: _version, managedFields = [], ...metadata } = object.metadata;
  const managers = managedFields.map(({ time: _time, ...entry }) => JSON.stringify(entry));
  return { ...object, metadata, managers: managers.toSorted() };
}
