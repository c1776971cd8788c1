import { decodeObject, type Kind, type KubeObject, type StatusCause } from "@kubehop/api";
import type { Strategy } from "../registry/strategy.ts";

/** What a strategy made of an object: the object, and what is wrong with it as `field: message`. */
export interface Outcome<T> {
  readonly object: T;
  readonly causes: readonly string[];
}

/** Takes a manifest through decoding, defaults and validation, as a create does. */
export function created<T extends KubeObject>(
  kind: Kind<T>,
  strategy: Strategy<T>,
  manifest: object,
): Outcome<T> {
  const { object } = decodeObject(kind, structuredClone(manifest));
  strategy.prepareForCreate(object);
  return { object, causes: texts(strategy.validate(object)) };
}

/** Takes a manifest through an update of `old`, which must not be changed by it. */
export function updated<T extends KubeObject>(
  kind: Kind<T>,
  strategy: Strategy<T>,
  { old, manifest }: { readonly old: T; readonly manifest: object },
): Outcome<T> {
  const { object } = decodeObject(kind, structuredClone(manifest));
  const frozen = deepFreeze(structuredClone(old));
  strategy.prepareForUpdate(object, frozen);
  return { object, causes: texts(strategy.validateUpdate(object, frozen)) };
}

/** Takes a manifest through an update of the status of `old`. */
export function statusUpdated<T extends KubeObject>(
  kind: Kind<T>,
  strategy: Strategy<T>,
  { old, manifest }: { readonly old: T; readonly manifest: object },
): Outcome<T> {
  const { object } = decodeObject(kind, structuredClone(manifest));
  const frozen = deepFreeze(structuredClone(old));
  strategy.prepareForStatusUpdate(object, frozen);
  return { object, causes: texts(strategy.validateStatusUpdate(object, frozen)) };
}

function texts(causes: readonly StatusCause[]): string[] {
  return causes.map(({ field = "", message = "" }) => `${field}: ${message}`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const one of Object.values(value)) deepFreeze(one);
  return Object.freeze(value);
}
