import { isObject } from "../patch/merge-patch.ts";
import type { KubeObject } from "../meta/object-meta.ts";
import { compareValues } from "./comparison.ts";
import { difference, type FieldSet, NO_FIELDS } from "./field-set.ts";
import { objectType, type OwnershipRules } from "./ownership.ts";
import { ownedFields } from "./owned-fields.ts";

/** Where client-side `kubectl apply` keeps what it applied. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Most bytes of all annotations of an object. */
const ANNOTATIONS_LIMIT = 256 * 1024;

/**
 * The fields that client-side apply has set and nobody has changed since: kubectl may apply them
 * server-side without a conflict (source: managedfields/internal/lastappliedmanager.go).
 */
export function lastAppliedFields(rules: OwnershipRules, live: KubeObject): FieldSet {
  const applied = parseObject(live.metadata.annotations?.[LAST_APPLIED]);
  if (applied === undefined || applied["apiVersion"] !== live.apiVersion) return NO_FIELDS;
  const type = objectType(rules);
  const { added, removed, modified } = compareValues(type, applied, live);
  return [added, removed, modified].reduce(difference, ownedFields(type, applied));
}

/** Keeps the annotation up to date where there is one, so that client-side apply may go on. */
export function syncLastApplied(object: KubeObject, config: KubeObject): KubeObject {
  const { annotations } = object.metadata;
  if (annotations?.[LAST_APPLIED] === undefined) return object;
  const { [LAST_APPLIED]: _old, ...others } = annotations;
  const text = `${JSON.stringify(withoutAnnotation(config))}\n`;
  const synced = { ...others, [LAST_APPLIED]: text };
  return {
    ...object,
    metadata: { ...object.metadata, annotations: fits(synced) ? synced : others },
  };
}

function withoutAnnotation(config: KubeObject): KubeObject {
  const { managedFields: _fields, annotations, ...metadata } = config.metadata;
  const { [LAST_APPLIED]: _old, ...others } = annotations ?? {};
  const kept = Object.keys(others).length > 0 ? { annotations: others } : {};
  return { ...config, metadata: { ...kept, ...metadata } };
}

function fits(annotations: Readonly<Record<string, string>>): boolean {
  const size = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return size <= ANNOTATIONS_LIMIT;
}

function parseObject(text = ""): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
