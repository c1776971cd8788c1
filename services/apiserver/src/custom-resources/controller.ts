import {
  type CustomResourceDefinition,
  type Kind,
  Kinds,
  isNotFound,
  registryPrefix,
} from "@kubehop/api";
import { createWorkQueue, runController } from "@kubehop/client";
import type { Logger } from "@kubehop/kit";
import { isDeepStrictEqual } from "node:util";
import { deleteObject } from "../resources/delete.ts";
import { SERVER } from "../resources/field-ownership.ts";
import { timestamp } from "../resources/metadata.ts";
import type { Resources } from "../resources/resources.ts";
import { updateObject } from "../resources/update.ts";
import type { Entry } from "../storage/entry.ts";
import { customKindsOf } from "./custom-kind.ts";
import { CLEANUP_FINALIZER } from "./definition-strategy.ts";
import { allDefinitions, followDefinitions } from "./definitions.ts";
import { statusAmong, withCondition } from "./names.ts";

/** How soon it is looked again whether the objects of a dying definition are gone, ms. */
const CLEANUP_RETRY_MS = 1_000;

/** Objects deleted at a time. */
const PARALLEL = 16;

type DefinitionStatus = NonNullable<CustomResourceDefinition["status"]>;

const kind = Kinds.CustomResourceDefinition as Kind;

/**
 * Serves what CustomResourceDefinitions define: follows them, accepts their names, establishes
 * them, and deletes their objects when they are deleted. Every API server runs it; all come to the
 * same conclusions, and compare-and-set lets one of them write each.
 */
export function startCustomResources(resources: Resources, logger: Logger): AsyncDisposable {
  const { cache, kinds } = resources;
  const stop = new AbortController();
  const queue = createWorkQueue({ maxDelayMs: 30_000 });
  const following = followDefinitions({ cache, kinds, logger }, (name) => {
    queue.add(name);
    // Names that were given or freed concern the others of the group.
    const group = name.slice(name.indexOf(".") + 1);
    for (const { metadata, spec } of allDefinitions(cache)) {
      if (spec.group === group && metadata.name !== name) queue.add(metadata.name);
    }
  });
  const running = runController({
    name: "custom_resource_definition",
    queue,
    reconcile: async (name) => {
      const definition = allDefinitions(cache).find((one) => one.metadata.name === name);
      if (definition === undefined) return;
      if (definition.metadata.deletionTimestamp === undefined) await settle(resources, name);
      else if (!(await cleanUp(resources, definition))) queue.addAfter(name, CLEANUP_RETRY_MS);
    },
    workers: 2,
    logger,
    signal: stop.signal,
  });
  return {
    async [Symbol.asyncDispose]() {
      following[Symbol.dispose]();
      stop.abort();
      await running;
    },
  };
}

/** Gives a definition the names that are free, and establishes it. */
async function settle(resources: Resources, name: string): Promise<void> {
  const now = timestamp(resources.clock.now());
  const statusOf = (definition: CustomResourceDefinition): DefinitionStatus => {
    const others = allDefinitions(resources.cache).filter((one) => one.metadata.name !== name);
    return statusAmong(definition, others, now);
  };
  await change(resources, name, (definition) => ({ ...definition, status: statusOf(definition) }));
}

/** Deletes the objects of a dying definition; true when none is left and it may go. */
async function cleanUp(
  resources: Resources,
  definition: CustomResourceDefinition,
): Promise<boolean> {
  const { name, finalizers = [] } = definition.metadata;
  if (!finalizers.includes(CLEANUP_FINALIZER)) return true;
  const [custom] = customKindsOf(definition);
  const isGone = custom === undefined || (await deleteAll(resources, custom));
  const { clock } = resources;
  const now = timestamp(clock.now());
  await change(resources, name, (current) => {
    const status = withTermination(current, isGone, now);
    if (!isGone) return { ...current, status };
    const left = (current.metadata.finalizers ?? []).filter((one) => one !== CLEANUP_FINALIZER);
    return { ...current, status, metadata: { ...current.metadata, finalizers: left } };
  });
  return isGone;
}

function withTermination(
  { status }: CustomResourceDefinition,
  isGone: boolean,
  now: string,
): DefinitionStatus {
  const condition = isGone
    ? { status: "False", reason: "InstanceDeletionCompleted", message: "removed all instances" }
    : {
        status: "True",
        reason: "InstanceDeletionInProgress",
        message: "CustomResource deletion is in progress",
      };
  const conditions = withCondition(
    status?.conditions ?? [],
    { type: "Terminating", ...condition },
    now,
  );
  return { ...status, conditions };
}

/** Deletes every object of a kind; true when the registry has none any more. */
async function deleteAll(resources: Resources, custom: Kind): Promise<boolean> {
  const prefix = registryPrefix(custom).slice(0, -1);
  const waiting = [...resources.cache.list(prefix).entries].filter(isAlive);
  const workers = Array.from({ length: PARALLEL }, async () => {
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      await deleteOne(resources, custom, entry);
    }
  });
  await Promise.all(workers);
  return resources.cache.list(prefix).entries.length === 0;
}

function isAlive({ object }: Entry): boolean {
  return object.metadata.deletionTimestamp === undefined;
}

async function deleteOne(resources: Resources, custom: Kind, { object }: Entry): Promise<void> {
  const { name, namespace } = object.metadata;
  const target = { kind: custom, name, ...(namespace !== undefined && { namespace }) };
  try {
    await deleteObject(resources, target, { dryRun: false, preconditions: {} });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function change(
  resources: Resources,
  name: string,
  apply: (definition: CustomResourceDefinition) => CustomResourceDefinition,
): Promise<void> {
  try {
    await updateObject(resources, {
      target: { kind, name },
      part: "unchecked",
      dryRun: false,
      writer: { ...SERVER, subresource: "status" },
      apply(object) {
        const definition = object as CustomResourceDefinition;
        const next = apply(definition);
        return isDeepStrictEqual(next, definition) ? definition : next;
      },
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
