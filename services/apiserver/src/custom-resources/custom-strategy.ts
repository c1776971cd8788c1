import type { Kind, KubeObject, StatusCause } from "@kubehop/api";
import { createStrategy, type Strategy } from "../registry/strategy.ts";
import { type CustomKind, customTraits } from "./custom-kind.ts";
import { applyDefaults } from "./defaulting.ts";
import { brokenRules } from "./validation-rules.ts";
import { valueCauses } from "./value-rules.ts";

const strategies = new WeakMap<Kind, Strategy>();

/** The strategy of a custom kind, which follows its schema; undefined for a built-in kind. */
export function customStrategy(kind: Kind): Strategy | undefined {
  if (customTraits(kind) === undefined) return undefined;
  const known = strategies.get(kind);
  if (known !== undefined) return known;
  const strategy = build(kind as CustomKind);
  strategies.set(kind, strategy);
  return strategy;
}

function build(kind: CustomKind): Strategy {
  const { schema } = kind.custom;
  const judge = (object: KubeObject, old?: KubeObject): StatusCause[] => {
    const place = { value: visible(object), schema, path: "" };
    const before = old === undefined ? {} : { old: visible(old) };
    const causes = valueCauses({ ...place, ...before });
    return causes.length > 0 ? causes : brokenRules({ ...place, ...before });
  };
  return createStrategy<KubeObject>(kind, {
    defaults: (object) => applyDefaults(object, schema),
    validateCreate: (object) => judge(object),
    validateUpdate: judge,
    validateStatus: judge,
  });
}

/** Of the metadata a schema may speak of the names alone. */
function visible(object: KubeObject): object {
  const { name, generateName } = object.metadata;
  return {
    ...object,
    metadata: { name, ...(generateName !== undefined && { generateName }) },
  };
}
