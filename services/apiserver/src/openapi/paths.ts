import { apiVersionOf, type Kind } from "@kubehop/api";
import { REVIEWS } from "../routes/review-kinds.ts";
import { type Subresource, subresourcesOf } from "../routes/subresources.ts";
import { schemaName } from "./names.ts";

/** The operations of a path by HTTP method, in OpenAPI v3. */
export type PathItem = Readonly<Record<string, object>>;

/** What a path is of: a kind, or what its subresource takes and gives. */
type Described = Pick<Kind, "group" | "version" | "kind">;

interface Verb {
  readonly method: string;
  readonly action: string;
  readonly parameters: readonly string[];
  readonly hasBody?: boolean;
}

const WRITE = ["dryRun", "fieldManager", "fieldValidation"];
const SELECT = ["fieldSelector", "labelSelector", "limit", "continue", "resourceVersion"];
const WATCH = ["watch", "allowWatchBookmarks", "sendInitialEvents", "timeoutSeconds"];
const REMOVE = ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"];

const ON_COLLECTIONS: readonly Verb[] = [
  { method: "get", action: "list", parameters: [...SELECT, "resourceVersionMatch", ...WATCH] },
  { method: "post", action: "post", parameters: WRITE, hasBody: true },
  { method: "delete", action: "deletecollection", parameters: [...SELECT, ...REMOVE] },
];

/**
 * A patch names no media types: a client that saw strategic merge patches here would compute its
 * own from the schemas instead of by its compiled-in types (kubectl apply).
 */
const ON_OBJECTS: readonly Verb[] = [
  { method: "get", action: "get", parameters: [] },
  { method: "put", action: "put", parameters: WRITE, hasBody: true },
  { method: "patch", action: "patch", parameters: [...WRITE, "force"] },
  { method: "delete", action: "delete", parameters: REMOVE },
];

/** HTTP methods of a subresource's verbs. */
const METHODS: Readonly<Record<string, Verb>> = {
  create: { method: "post", action: "post", parameters: WRITE, hasBody: true },
  get: { method: "get", action: "get", parameters: [] },
  update: { method: "put", action: "put", parameters: WRITE, hasBody: true },
  patch: { method: "patch", action: "patch", parameters: [...WRITE, "force"] },
  delete: { method: "delete", action: "delete", parameters: [] },
};

const TYPES: Readonly<Record<string, string>> = {
  limit: "integer",
  timeoutSeconds: "integer",
  gracePeriodSeconds: "integer",
  force: "boolean",
  watch: "boolean",
  allowWatchBookmarks: "boolean",
  sendInitialEvents: "boolean",
  orphanDependents: "boolean",
};

/** Subresources that are streams or whole protocols: no document describes their bodies. */
const STREAMED = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** Every path of some kinds of one group version, below `root` (`api/v1`, `apis/apps/v1`). */
export function pathsOf(kinds: readonly Kind[]): Record<string, PathItem> {
  return Object.fromEntries(kinds.flatMap(pathsOfKind));
}

function pathsOfKind(kind: Kind): [string, PathItem][] {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`;
  const collection = kind.namespaced
    ? `${root}/namespaces/{namespace}/${kind.plural}`
    : `${root}/${kind.plural}`;
  if (REVIEWS.some((review) => review === kind)) {
    return [[collection, itemOf(collection, [METHODS["create"] as Verb], kind)]];
  }
  const object = `${collection}/{name}`;
  return [
    [collection, itemOf(collection, ON_COLLECTIONS, kind)],
    [object, itemOf(object, ON_OBJECTS, kind)],
    ...subresourcesOf(kind)
      .filter(({ name }) => !STREAMED.has(name))
      .map((subresource) => subresourcePath(object, subresource, kind)),
  ];
}

function subresourcePath(
  object: string,
  { name, responseKind, verbs }: Subresource,
  kind: Kind,
): [string, PathItem] {
  const path = `${object}/${name}`;
  const ofKind = responseKind.kind === kind.kind && responseKind.group === kind.group;
  const known = verbs.map((verb) => METHODS[verb]).filter((verb) => verb !== undefined);
  return [path, itemOf(path, known, ofKind ? kind : { ...responseKind, isAlien: true })];
}

/** A path's operations. What a subresource of another kind takes has no schema in the document. */
function itemOf(
  path: string,
  verbs: readonly Verb[],
  described: Described & { readonly isAlien?: boolean },
): PathItem {
  const { group, version, kind, isAlien = false } = described;
  const schema = isAlien
    ? { type: "object" }
    : { $ref: `#/components/schemas/${schemaName(described)}` };
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: "path", required: true, schema: { type: "string" } };
  });
  const operations = verbs.map(({ method, action, parameters, hasBody = false }) => [
    method,
    {
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": { group, version, kind },
      parameters: [...inPath, ...parameters.map(queryParameter)],
      ...(hasBody && { requestBody: { content: { "*/*": { schema } } } }),
      responses: { 200: answerOf(action, schema) },
    },
  ]);
  return Object.fromEntries(operations) as PathItem;
}

function queryParameter(name: string): object {
  return { name, in: "query", schema: { type: TYPES[name] ?? "string" } };
}

/** A list holds objects of the kind; a Status has no schema of its own. */
function answerOf(action: string, schema: object): object {
  if (action === "delete" || action === "deletecollection") return { description: "OK" };
  const body =
    action === "list"
      ? { type: "object", properties: { items: { type: "array", items: schema } } }
      : schema;
  return { description: "OK", content: { "application/json": { schema: body } } };
}
