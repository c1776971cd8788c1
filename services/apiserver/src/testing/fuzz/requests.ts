import { type Body, bodyOf, patchOf } from "./bodies.ts";
import type { Choice } from "./choice.ts";
import { type Schema, type Schemas, type Source, valueOf } from "./schema-values.ts";

/** One request to send. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** A kind that the documents tell of. */
export interface FuzzedKind {
  /** Path of an object, with `{namespace}` and `{name}` in it. */
  readonly template: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Schema;
  readonly schemas: Schemas;
}

/** An OpenAPI v3 document of one group version. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Schemas };
}

type PathItem = Readonly<Record<string, { readonly "x-kubernetes-group-version-kind"?: unknown }>>;

/** The kinds of some documents: each object path with the schema of what it serves. */
export function kindsOf(documents: readonly OpenApiDocument[]): FuzzedKind[] {
  return documents.flatMap(({ paths, components: { schemas } }) =>
    Object.entries(paths).flatMap(([template, item]) => {
      if (!template.endsWith("/{name}")) return [];
      const gvk = Object.values(item as PathItem)
        .map((operation) => operation?.["x-kubernetes-group-version-kind"])
        .find((found) => found !== undefined) as Omit<FuzzedKind, "template"> | undefined;
      const schema = Object.values(schemas).find((one) =>
        (one["x-kubernetes-group-version-kind"] ?? []).some(
          ({ group, version, kind }) =>
            group === gvk?.group && version === gvk.version && kind === gvk.kind,
        ),
      );
      if (gvk === undefined || schema === undefined) return [];
      const { group, version, kind } = gvk;
      return [{ template, group, version, kind, schema, schemas }];
    }),
  );
}

const NAMES = [
  "a",
  "a",
  "a",
  "b",
  "b",
  "web",
  "x.y",
  "kubernetes",
  "default",
  "0",
  "a".repeat(253),
];
const STRANGE_NAMES = [
  "UPPER",
  "%2e%2e",
  "a%2Fb",
  "%00",
  "%ff",
  "a b",
  "ü",
  "a".repeat(3_000),
  "-",
];
const NAMESPACES = ["default", "default", "fuzz", "kube-system", "missing", "%20"];
const SUBRESOURCES = [
  ..."status status scale binding eviction log exec attach portforward token finalize".split(" "),
  ..."proxy ephemeralcontainers resize approval nothing status/extra".split(" "),
];
const METHODS = ["GET", "GET", "POST", "POST", "PUT", "PATCH", "PATCH", "PATCH", "DELETE", "HEAD"];
/** How often a method is about a collection. */
const COLLECTION: Readonly<Record<string, number>> = { GET: 0.3, POST: 0.85, DELETE: 0.02 };

const ACCEPTS = [
  "*/*",
  "application/json",
  "application/yaml",
  "application/json;as=Table;v=v1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
  "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
  "application/vnd.kubernetes.protobuf",
  "application/json;as=Nothing;v=v9;g=x",
  "text/html;q=0.1, ;;;, */*;q=nonsense",
  "",
];

/** Query parameters with values that they may meet. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  labelSelector: [
    "a=b",
    "a",
    "!a",
    "a in (b,c)",
    "a in (",
    "a=b,,",
    "=",
    "a>1",
    "a/b/c=d",
    "\u0000",
  ],
  fieldSelector: ["metadata.name=a", "spec.nodeName=", "nothing=1", "metadata.name", "a=b,", "=!="],
  resourceVersion: ["0", "1", "-1", "abc", "1e3", "", "00007"],
  resourceVersionMatch: ["Exact", "NotOlderThan", "Nonsense"],
  limit: ["1", "0", "-1", "x", "999999999999999999999"],
  continue: ["abc", "e30", "", "%%%", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJhIn0"],
  dryRun: ["All", "", "Some"],
  fieldValidation: ["Strict", "Warn", "Ignore", "Loose"],
  fieldManager: ["me", "", "a".repeat(200), "\n"],
  force: ["true", "maybe"],
  pretty: ["true", "false", "yes"],
  gracePeriodSeconds: ["0", "-1", "abc", "99999999999999999999"],
  propagationPolicy: ["Orphan", "Foreground", "Background", "Sideways"],
  orphanDependents: ["true", "x"],
  includeObject: ["None", "Metadata", "Object", "All"],
  sendInitialEvents: ["true", "false", "x"],
  allowWatchBookmarks: ["true", "x"],
  tailLines: ["-1", "x", "5"],
  container: ["a", "%"],
  command: ["ls", ""],
  ignoreStoreReadErrorWithClusterBreakingPotential: ["true"],
};

/** Objects that the server has shown: what is made of them gets further than what is made up. */
export interface Stock {
  /** Some object of a kind; undefined when none was shown yet. */
  draw(kind: FuzzedKind): object | undefined;
  /** Keeps an object that an answer showed, in the place of an older one. */
  keep(kind: FuzzedKind, object: object): void;
}

/** Creates an empty stock. */
export function createStock(choice: Choice): Stock {
  const stock = new Map<FuzzedKind, object[]>();
  return {
    draw(kind) {
      const kept = stock.get(kind);
      return kept && choice.of(kept);
    },
    keep(kind, object) {
      const kept = stock.get(kind) ?? [];
      kept[kept.length < STOCK ? kept.length : choice.below(STOCK)] = object;
      stock.set(kind, kept);
    },
  };
}

/** Objects kept of each kind. */
const STOCK = 6;

/** Draws a request to a kind. */
export function requestOf(kind: FuzzedKind, choice: Choice, stock: Stock): FuzzRequest {
  const method = choice.chance(0.99) ? choice.of(METHODS) : choice.of(["OPTIONS", "TRACE"]);
  const collection = choice.chance(COLLECTION[method] ?? 0.1);
  const path = pathOf(kind, { collection, choice });
  const query = queryOf(method, choice);
  const accept = choice.chance(0.6) ? "*/*" : choice.of(ACCEPTS);
  const headers = { accept, ...(choice.chance(0.02) && strangeHeaders(choice)) };
  const body = ["POST", "PUT", "PATCH"].includes(method)
    ? bodyFor(method, choice, drawObject(kind, choice, stock))
    : choice.chance(0.1)
      ? bodyOf(deleteOptions(choice), choice)
      : undefined;
  return {
    method,
    path: `${path}${query}`,
    headers: {
      ...headers,
      ...(body !== undefined && { "content-type": body.contentType }),
      ...(body?.encoding !== undefined && { "content-encoding": body.encoding }),
    },
    ...(body !== undefined && { body: body.bytes }),
  };
}

function pathOf(
  { template }: FuzzedKind,
  { collection, choice }: { readonly collection: boolean; readonly choice: Choice },
): string {
  const name = choice.chance(0.93) ? choice.of(NAMES) : choice.of(STRANGE_NAMES);
  const namespace = choice.chance(0.9) ? "default" : choice.of(NAMESPACES);
  const path = template
    .replace("{namespace}", encodePart(namespace))
    .replace("/{name}", collection ? "" : `/${encodePart(name)}`);
  const isSub = !collection && choice.chance(0.2);
  const sub = isSub ? `/${choice.of(SUBRESOURCES)}` : "";
  const whole = `${path}${sub}`;
  if (choice.chance(0.98)) return whole;
  return choice.of([`${whole}/`, `/${whole}`, whole.replace("v1", "v9"), `${whole}/a/b/c`, "/api"]);
}

/** Leaves what is encoded already as it is. */
function encodePart(part: string): string {
  return part.includes("%") ? part : encodeURIComponent(part);
}

function queryOf(method: string, choice: Choice): string {
  const count = choice.chance(0.6) ? 0 : 1 + choice.below(3);
  const pairs = Array.from({ length: count }, () => {
    const name = choice.of(Object.keys(PARAMETERS));
    return `${name}=${encodeURIComponent(choice.of(PARAMETERS[name] ?? [""]))}`;
  });
  // A watch that ends soon: it holds its connection as long.
  const watches = method === "GET" && choice.chance(0.004);
  if (watches) pairs.push(`watch=${choice.of(["1", "true"])}`, "timeoutSeconds=1");
  if (choice.chance(0.01)) pairs.push(choice.of(["%zz", "=", "&&&", "a".repeat(4_000), "watch=0"]));
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function bodyFor(method: string, choice: Choice, object: object): Body {
  return method === "PATCH" ? patchOf(object, choice) : bodyOf(object, choice);
}

function drawObject(kind: FuzzedKind, choice: Choice, stock: Stock): object {
  const known = choice.chance(0.5) ? stock.draw(kind) : undefined;
  if (known === undefined) {
    return objectOf(kind, { schemas: kind.schemas, choice, tame: choice.chance(0.5) });
  }
  if (choice.chance(0.2)) return known;
  const {
    uid: _uid,
    resourceVersion: _version,
    ...metadata
  } = (known as { metadata: Record<string, unknown> }).metadata;
  return { ...known, metadata: { ...metadata, name: choice.of(NAMES) } };
}

function objectOf({ schema, group, version, kind }: FuzzedKind, source: Source): object {
  const { choice, tame } = source;
  const value = valueOf(schema, source) as { metadata?: object };
  const metadata =
    tame || choice.chance(0.8)
      ? {
          ...(choice.chance(0.2) ? value.metadata : {}),
          ...(choice.chance(0.9) ? { name: choice.of(NAMES) } : { generateName: "fuzz-" }),
          ...(choice.chance(0.1) && { resourceVersion: choice.of(["1", "x", ""]) }),
          ...(choice.chance(0.05) && { managedFields: choice.of(MANAGED_FIELDS) }),
        }
      : value.metadata;
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const type = choice.chance(0.97) ? { apiVersion, kind } : { apiVersion: "v0", kind: "None" };
  return { ...value, ...type, metadata };
}

const MANAGED_FIELDS: readonly unknown[] = [
  [{}],
  [{ manager: "m", operation: "Apply", apiVersion: "v1", fieldsType: "FieldsV1" }],
  [{ manager: "m", operation: "Update", fieldsV1: { "f:spec": 5, "k:{": {}, "v:": {} } }],
  [{ operation: "Sideways", time: "yesterday", fieldsV1: [] }],
  "none",
];

function deleteOptions(choice: Choice): object {
  return {
    kind: "DeleteOptions",
    apiVersion: choice.of(["v1", "meta.k8s.io/v1", "x"]),
    gracePeriodSeconds: choice.of<unknown>([0, 30, -1, "x", 1.5]),
    propagationPolicy: choice.of(["Orphan", "Foreground", "Background", "", "x"]),
    preconditions: choice.of<unknown>([{ uid: "none" }, { resourceVersion: "1" }, null, 5]),
  };
}

function strangeHeaders(choice: Choice): Record<string, string> {
  return choice.of<Record<string, string>>([
    { authorization: "Bearer nonsense" },
    { authorization: `Bearer ${"a".repeat(4_000)}` },
    { authorization: "Basic eDp5" },
    { "impersonate-user": "somebody" },
    { "impersonate-group": "nobody" },
    { "impersonate-user": "system:serviceaccount:default:default" },
    { "accept-encoding": "gzip, br, nonsense" },
    { "if-none-match": '"x"' },
    { "user-agent": "\u00ff".repeat(300) },
    { "x-long": "a".repeat(9_000) },
  ]);
}
