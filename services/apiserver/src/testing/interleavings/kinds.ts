import type { Fields, Request, View } from "../history/object-model.ts";
import type { ClusterRequest } from "./cluster.ts";

/** A request with what it means for the object it is about. */
export interface Action {
  readonly request: Request;
  readonly http: ClusterRequest;
  /** What a good answer shows; absent for answers that show no object. */
  readonly show?: (body: any) => View; // oxlint-disable-line typescript/no-explicit-any
}

/** What an action may use. */
export interface Occasion {
  readonly name: string;
  /** The number of the client who acts. */
  readonly client: number;
  /** A number nobody has used before. */
  readonly fresh: number;
  /** The object as this client saw it last. */
  readonly known: View | undefined;
}

/** One kind of objects that clients fight over. */
export interface FoughtKind {
  readonly name: string;
  /** Path of the collection. */
  readonly path: string;
  readonly show: (body: any) => View; // oxlint-disable-line typescript/no-explicit-any
  /** What can be done; one is drawn at random. None when the occasion lacks what it takes. */
  readonly actions: readonly ((occasion: Occasion) => Action | undefined)[];
}

const MERGE = "application/merge-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const APPLY = "application/apply-patch+yaml";

/** Reads uid, version and some fields out of an answer. */
export function shower(
  fieldsOf: (body: any) => Record<string, string | undefined>, // oxlint-disable-line typescript/no-explicit-any
  partial = false,
): FoughtKind["show"] {
  return (body) => {
    const { uid, resourceVersion } = body.metadata as { uid: string; resourceVersion: string };
    const found = Object.entries(fieldsOf(body)).filter(([, value]) => value !== undefined);
    const fields = Object.fromEntries(found) as Fields;
    return { uid, revision: Number(resourceVersion), fields, ...(partial && { partial }) };
  };
}

/** What a kind of objects is made of, from which its actions follow. */
export interface KindShape {
  readonly name: string;
  readonly path: string;
  readonly show: FoughtKind["show"];
  /** A whole object of these fields. */
  readonly object: (name: string, fields: Fields) => object;
  /** The fields of a new object. */
  readonly fresh: (occasion: Occasion) => Fields;
  /** Names of fields that a PUT of the object replaces. */
  readonly part: readonly string[];
  /** Whether a PUT makes an object that is missing. */
  readonly putCreates?: boolean;
}

/** Get, create, replace and delete: what every kind has. */
export function commonActions(shape: KindShape): FoughtKind["actions"] {
  const { path, object, fresh, show, part, putCreates: creates = false } = shape;
  const one = (name: string): string => `${path}/${name}`;
  const get = ({ name }: Occasion): Action => ({
    request: { type: "get" },
    http: { method: "GET", path: one(name) },
    show,
  });
  const create = (occasion: Occasion): Action => {
    const fields = fresh(occasion);
    const body = object(occasion.name, fields);
    return { request: { type: "create", fields }, http: { method: "POST", path, body }, show };
  };
  const replace = (occasion: Occasion): Action | undefined => {
    const { name, known } = occasion;
    if (known === undefined) return undefined;
    const fields = fresh(occasion);
    const body = withVersion(object(name, fields), known.revision);
    const request = { type: "replace" as const, part, fields, expected: known.revision, creates };
    return { request, http: { method: "PUT", path: one(name), body }, show };
  };
  const remove = ({ name }: Occasion): Action => ({
    request: { type: "delete" },
    http: { method: "DELETE", path: one(name) },
  });
  const removeVersion = ({ name, known }: Occasion): Action | undefined => {
    if (known === undefined) return undefined;
    const body = { preconditions: { resourceVersion: String(known.revision) } };
    return {
      request: { type: "delete", expected: known.revision },
      http: { method: "DELETE", path: one(name), body },
    };
  };
  return [get, get, get, create, create, replace, replace, remove, removeVersion];
}

/** A patch that sets fields, whatever they were. */
export function setting(
  { path, show }: Pick<KindShape, "path" | "show">,
  patch: {
    readonly suffix?: string;
    readonly type: "merge" | "strategic";
    readonly fields: (occasion: Occasion) => Fields;
    readonly body: (fields: Fields) => object;
  },
): (occasion: Occasion) => Action {
  return (occasion) => {
    const fields = patch.fields(occasion);
    return {
      request: { type: "set", fields, creates: false },
      http: {
        method: "PATCH",
        path: `${path}/${occasion.name}${patch.suffix ?? ""}`,
        body: patch.body(fields),
        contentType: patch.type === "merge" ? MERGE : STRATEGIC,
      },
      show,
    };
  };
}

/** A PUT of a subresource, in the version that was seen. */
export function replacing(
  place: Pick<KindShape, "path" | "show" | "part"> & { readonly suffix: string },
  put: {
    readonly fields: (occasion: Occasion) => Fields;
    readonly body: (occasion: Occasion, fields: Fields) => object;
  },
): (occasion: Occasion) => Action | undefined {
  const { path, show, part, suffix } = place;
  return (occasion) => {
    const { name, known } = occasion;
    if (known === undefined) return undefined;
    const fields = put.fields(occasion);
    const body = withVersion(put.body(occasion, fields), known.revision);
    return {
      request: { type: "replace", part, fields, expected: known.revision },
      http: { method: "PUT", path: `${path}/${name}${suffix}`, body },
      show,
    };
  };
}

/** A JSON patch. */
export function jsonPatch(path: string, body: readonly object[]): ClusterRequest {
  return { method: "PATCH", path, body, contentType: JSON_PATCH };
}

/** A server-side apply that takes what it wants; every client is a manager of its own. */
export function applyPatch(path: string, client: number, body: object): ClusterRequest {
  const query = `?fieldManager=client-${client}&force=true`;
  return { method: "PATCH", path: `${path}${query}`, body, contentType: APPLY };
}

/** The object in a version, for a PUT that must not overwrite another. */
function withVersion(object: object, revision: number): object {
  const { metadata } = object as { metadata: object };
  return { ...object, metadata: { ...metadata, resourceVersion: String(revision) } };
}
