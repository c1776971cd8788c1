import { apiVersionOf, type Kind } from "./kinds/kind.ts";

import type { KubeObject } from "./meta/object-meta.ts";
import { badRequest, type StatusError } from "./status/status-error.ts";
import { type Decoder, decoderOf, JsonTypeError, type Trail } from "./schema-decoder.ts";

/** What decoding needs to know of a kind; also true of bodies that are no kind of their own. */
export type Decodable<T extends KubeObject = KubeObject> = Pick<
  Kind<T>,
  "group" | "version" | "kind" | "schema" | "decoder" | "~object"
>;

/** A decoded object and the paths of the fields that were dropped because nobody knows them. */
export interface Decoded<T> {
  readonly object: T;
  /** Such as `spec.ports[0].prot`. */
  readonly unknown: readonly string[];
}

/**
 * Turns parsed JSON into an object of a kind: unknown fields and nulls are left out, apiVersion,
 * kind and metadata are filled in when absent. The input is not changed; parts in which nothing
 * had to be left out are shared with it.
 * @throws StatusError 400 with upstream's text when a value has the wrong JSON type or the object
 * is of another kind.
 */
export function decodeObject<T extends KubeObject>(kind: Decodable<T>, value: unknown): Decoded<T> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw cannotBeHandled(kind, `json: cannot unmarshal ${jsonType(value)} into Go value`);
  }
  const body = value as Partial<KubeObject>;
  checkType(kind, body);
  const trail: Trail = { path: [], unknown: [] };
  const decoded = decodeBody(kind, kind.decoder ?? decoderOf(kind.schema), value, trail);
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = decoded;
  const object = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: metadata ?? {} };
  return { object: { ...object, ...rest } as unknown as T, unknown: trail.unknown };
}

/** 400 for fieldValidation=Strict: `problems` are such as `unknown field "spec.prots"`. */
export function strictDecodingError(kind: Decodable, problems: readonly string[]): StatusError {
  return cannotBeHandled(kind, `strict decoding error: ${problems.join(", ")}`);
}

function decodeBody(
  kind: Decodable,
  decoder: Decoder,
  value: object,
  trail: Trail,
): Partial<KubeObject> {
  try {
    return decoder(value, trail) as Partial<KubeObject>;
  } catch (error) {
    if (error instanceof JsonTypeError) throw cannotBeHandled(kind, error.message);
    throw error;
  }
}

function checkType(kind: Decodable, body: Partial<KubeObject>): void {
  const expected = apiVersionOf(kind);
  const { apiVersion = expected, kind: name = kind.kind } = body;
  if (typeof apiVersion !== "string" || typeof name !== "string") return;
  if (apiVersion !== expected && apiVersion !== "") {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version ` +
        `(${expected})`,
    );
  }
  if (name !== kind.kind && name !== "") {
    const version = kind.version;
    const internal = kind.group === "" ? "core" : String(kind.group.split(".")[0]);
    throw badRequest(
      `${name} in version "${version}" cannot be handled as a ${kind.kind}: converting ` +
        `(${version}.${name}) to (${internal}.${kind.kind}): unknown conversion`,
    );
  }
}

function cannotBeHandled(kind: Decodable, why: string): StatusError {
  return badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${why}`,
  );
}

function jsonType(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
