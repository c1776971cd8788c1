import { type Kind, Kinds, OtherVersions } from "@kubehop/api";

/** A JSON schema as it stands in a document. */
export type Schema = Readonly<Record<string, unknown>>;

type GroupVersionKind = Pick<Kind, "group" | "version" | "kind">;

/** Go packages whose path does not follow from the API group. */
const PACKAGES: Readonly<Record<string, string>> = {
  "": "io.k8s.api.core",
  "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
};

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** Structs of metav1, which every group uses. */
const META_STRUCTS = new Set([
  "Condition",
  "LabelSelector",
  "LabelSelectorRequirement",
  "ManagedFieldsEntry",
  "ObjectMeta",
  "OwnerReference",
]);

/** The name of a port number or name, in every document that has one. */
export const INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

/** The name of an amount such as `100m`. */
export const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";

const BUILT_IN: readonly Kind[] = [
  ...(Object.values(Kinds) as unknown as readonly Kind[]),
  ...OtherVersions,
];

const BUILT_IN_GROUPS = new Set([
  ...BUILT_IN.map(({ group }) => group),
  "authentication.k8s.io",
  "authorization.k8s.io",
]);

/**
 * The name of a kind's schema: upstream's, made of the Go package and the type; for a group of a
 * user's own its parts backwards, as upstream does for custom kinds.
 */
export function schemaName({ group, version, kind }: GroupVersionKind): string {
  return `${packageOf(group)}.${version}.${kind}`;
}

/** The name of a struct's schema, or of a place where a struct stands inside itself. */
export function structName(schema: Schema, { group, version }: GroupVersionKind): string {
  const title = String(schema["title"] ?? schema["x-kubernetes-recursive"]);
  if (META_STRUCTS.has(title)) return `${META}.${title}`;
  return homes().get(schema["properties"] ?? title) ?? schemaName({ group, version, kind: title });
}

function packageOf(group: string): string {
  const known = PACKAGES[group];
  if (known !== undefined) return known;
  if (!BUILT_IN_GROUPS.has(group)) return group.split(".").toReversed().join(".");
  return `io.k8s.api.${group.split(".")[0]}`;
}

let homesOfStructs: ReadonlyMap<unknown, string> | undefined;

/**
 * Where each struct of the built-in kinds is at home, by its fields and by its title: in the first
 * group that has it, the core group before all others (a pod template is core in a Deployment too).
 */
function homes(): ReadonlyMap<unknown, string> {
  if (homesOfStructs !== undefined) return homesOfStructs;
  const found = new Map<unknown, string>();
  const core = BUILT_IN.filter(({ group }) => group === "");
  for (const kind of new Set([...core, ...BUILT_IN])) settle(kind.schema as Schema, kind, found);
  homesOfStructs = found;
  return found;
}

function settle(schema: Schema, kind: Kind, found: Map<unknown, string>): void {
  const { title, properties } = schema;
  if (typeof title === "string" && properties !== undefined) {
    if (found.has(properties)) return;
    const name = schemaName({ ...kind, kind: title });
    found.set(properties, name);
    if (!found.has(title)) found.set(title, name);
  }
  for (const child of childrenOf(schema)) settle(child, kind, found);
}

function childrenOf({ properties, items, additionalProperties, anyOf }: Schema): Schema[] {
  return [
    ...Object.values((properties as Schema | undefined) ?? {}),
    items,
    additionalProperties,
    ...((anyOf as readonly unknown[] | undefined) ?? []),
  ].filter((child): child is Schema => typeof child === "object" && child !== null);
}
