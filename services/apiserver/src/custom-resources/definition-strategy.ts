import {
  type CustomResourceDefinition,
  type CustomResourceDefinitionNames,
  Kinds,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { createStrategy, type Strategy } from "../registry/strategy.ts";
import { timestamp } from "../resources/metadata.ts";
import { definitionCauses, definitionUpdateCauses } from "./definition-rules.ts";
import { withCondition } from "./names.ts";

/** Keeps a definition until the objects of its kind are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

/** CustomResourceDefinition: names and versions that can be served, schemas that are structural. */
export const customResourceDefinitionStrategy: Strategy<CustomResourceDefinition> = createStrategy(
  Kinds.CustomResourceDefinition,
  {
    defaults: setDefaults,
    prepareForCreate(definition) {
      definition.status = { storedVersions: withStorage(definition, []) };
    },
    prepareForUpdate(definition, old) {
      const stored = old.status?.storedVersions ?? [];
      definition.status = { ...old.status, storedVersions: withStorage(definition, stored) };
    },
    prepareForDelete(definition, now) {
      const { metadata, status } = definition;
      const kept = new Set([...(metadata.finalizers ?? []), CLEANUP_FINALIZER]);
      metadata.finalizers = [...kept];
      const conditions = withCondition(
        status?.conditions ?? [],
        {
          type: "Terminating",
          status: "True",
          reason: "InstanceDeletionPending",
          message:
            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        },
        timestamp(now),
      );
      definition.status = { ...status, conditions };
    },
    validate: definitionCauses,
    validateUpdate: (next, old) =>
      isDeepStrictEqual(next.spec, old.spec) ? [] : definitionUpdateCauses(next, old),
  },
);

function setDefaults(definition: CustomResourceDefinition): void {
  definition.spec ??= {};
  const { spec } = definition;
  spec.names = { ...namesOf(spec.names?.kind ?? ""), ...withoutEmpty(spec.names ?? {}) };
  spec.conversion = { strategy: "None", ...spec.conversion };
  for (const version of spec.versions ?? []) {
    version.served ??= false;
    version.storage ??= false;
  }
}

function namesOf(kind: string): CustomResourceDefinitionNames {
  return kind === "" ? {} : { singular: kind.toLowerCase(), listKind: `${kind}List` };
}

function withoutEmpty(names: CustomResourceDefinitionNames): CustomResourceDefinitionNames {
  return Object.fromEntries(Object.entries(names).filter(([, name]) => name !== ""));
}

function withStorage(
  { spec: { versions = [] } }: CustomResourceDefinition,
  stored: readonly string[],
): string[] {
  const storage = versions.find((version) => version.storage === true)?.name;
  if (storage === undefined || stored.includes(storage)) return [...stored];
  return [...stored, storage];
}
