import type { KubeObject } from "../meta/object-meta.ts";
import { titleOf, type SchemaOf } from "../schema.ts";
import type { Kind } from "./kind.ts";

type Traits = Partial<
  Pick<Kind, "namespaced" | "categories" | "status" | "scale" | "generation" | "conversion">
>;

/** A row of the table of kinds: apiVersion, plural and short names, schema, what it can. */
export function row<T extends KubeObject>(
  apiVersion: string,
  [plural, ...shortNames]: readonly [string, ...string[]],
  schema: SchemaOf<T>,
  traits: Traits = {},
): Kind<T> {
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const kind = titleOf(schema);
  return {
    group,
    version,
    kind,
    plural,
    singular: kind.toLowerCase(),
    shortNames,
    categories: [],
    namespaced: true,
    schema,
    status: false,
    scale: false,
    generation: false,
    ...traits,
  };
}
