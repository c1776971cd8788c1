import {
  type CustomResourceColumnDefinition,
  type CustomResourceDefinition,
  type CustomResourceDefinitionVersion,
  type CustomResourceSubresourceScale,
  type Conversion,
  type JSONSchemaProps,
  type Kind,
  type KubeObject,
  ObjectMetaSchema,
} from "@kubehop/api";
import type { TSchema } from "typebox";
import { parseJsonPath } from "./json-path.ts";
import { pruningDecoder } from "./pruning.ts";

/** What a kind that a CustomResourceDefinition defines has beside what every kind has. */
export interface CustomTraits {
  /** Kind of its lists. */
  readonly listKind: string;
  readonly schema: JSONSchemaProps;
  readonly columns: readonly CustomResourceColumnDefinition[];
  readonly scalePaths: CustomResourceSubresourceScale | undefined;
  /** Paths that field selectors may name, without the first dot. */
  readonly selectable: readonly string[];
  /** Told whenever this version is used. */
  readonly deprecation: string | undefined;
  /** The definition is being deleted: nothing may be created any more. */
  readonly terminating: boolean;
}

/** A kind that a CustomResourceDefinition defines. */
export interface CustomKind extends Kind {
  readonly custom: CustomTraits;
}

/** Columns of a kind that names none. */
const DEFAULT_COLUMNS: readonly CustomResourceColumnDefinition[] = [
  {
    name: "Age",
    type: "date",
    description: "Time since the object was created.",
    jsonPath: ".metadata.creationTimestamp",
  },
];

/** What is particular to a custom kind; undefined for a built-in one. */
export function customTraits(kind: object): CustomTraits | undefined {
  return (kind as Partial<CustomKind>).custom;
}

/** The kinds that a definition adds, one a served version; none while it is not established. */
export function customKindsOf(definition: CustomResourceDefinition): CustomKind[] {
  const established = definition.status?.conditions?.some(
    ({ type, status }) => type === "Established" && status === "True",
  );
  if (established !== true) return [];
  const versions = definition.spec.versions ?? [];
  const storage = versions.find((version) => version.storage === true) ?? versions[0];
  if (storage === undefined) return [];
  const stored = kindOf(definition, storage);
  return versions
    .filter(({ served }) => served === true)
    .map((version) =>
      version === storage
        ? stored
        : { ...kindOf(definition, version), conversion: conversionTo(stored, version) },
    );
}

function kindOf(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
): CustomKind {
  const { spec } = definition;
  const { openAPIV3Schema: schema = {} } = version.schema ?? {};
  const { kind, ...names } = namesOf(definition);
  return {
    group: spec.group ?? "",
    version: version.name ?? "",
    kind,
    ...names,
    namespaced: spec.scope === "Namespaced",
    schema: wholeSchema(schema, kind),
    decoder: pruningDecoder(schema),
    status: version.subresources?.status !== undefined,
    scale: version.subresources?.scale !== undefined,
    generation: true,
    custom: traitsOf(definition, version, schema),
  };
}

/** The accepted names; what was not accepted is not served. */
function namesOf({
  status,
}: CustomResourceDefinition): Pick<
  Kind,
  "kind" | "plural" | "singular" | "shortNames" | "categories"
> {
  const names = status?.acceptedNames ?? {};
  const { kind = "", plural = "", singular = "", shortNames = [], categories = [] } = names;
  return { kind, plural, singular, shortNames, categories };
}

function traitsOf(
  { spec, status, metadata }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  schema: JSONSchemaProps,
): CustomTraits {
  const { additionalPrinterColumns: columns = [], selectableFields = [] } = version;
  const { kind = "", listKind = `${kind}List` } = status?.acceptedNames ?? {};
  return {
    listKind,
    schema,
    columns: columns.length === 0 ? DEFAULT_COLUMNS : columns,
    scalePaths: version.subresources?.scale,
    selectable: selectableFields
      .map(({ jsonPath = "" }) => parseJsonPath(jsonPath)?.fields?.join(".") ?? "")
      .filter((path) => path !== ""),
    deprecation: deprecationOf(spec.group ?? "", kind, version),
    terminating: metadata.deletionTimestamp !== undefined,
  };
}

/** The structural schema with what every object has; patches, OpenAPI and ownership go by it. */
function wholeSchema(schema: JSONSchemaProps, title: string): TSchema {
  const text = { type: "string" };
  return {
    ...schema,
    type: "object",
    title,
    properties: { ...schema.properties, apiVersion: text, kind: text, metadata: ObjectMetaSchema },
  };
}

/** Conversion strategy None: only the version's name changes. */
function conversionTo(
  stored: CustomKind,
  { name = "" }: CustomResourceDefinitionVersion,
): Conversion {
  const as = (version: string) => (object: KubeObject) => ({
    ...object,
    apiVersion: `${stored.group}/${version}`,
  });
  return {
    stored,
    toStored: as(stored.version),
    fromStored: as(name),
    storedField: (field) => field,
  };
}

function deprecationOf(
  group: string,
  kind: string,
  { name = "", deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (deprecated !== true) return undefined;
  return deprecationWarning ?? `${group}/${name} ${kind} is deprecated`;
}
