import {
  alreadyExists,
  invalid,
  type Kind,
  type KubeObject,
  required,
  statusError,
  tooLong,
} from "@kubehop/api";
import { createEntry, encodeObject, type Entry } from "../storage/entry.ts";
import { RevisionConflict } from "../storage/storage.ts";
import { trackFields, type Writer } from "./field-ownership.ts";
import { fillNewMetadata, generateName } from "./metadata.ts";
import { withReservation } from "./allocation.ts";
import { checkNamespace } from "./namespaces.ts";
import type { Resources } from "./resources.ts";
import { keyOf, matchTarget, type Target } from "./target.ts";

/** How an object is created. */
export interface CreateOptions {
  /** Do everything but store. */
  readonly dryRun: boolean;
  /** Whose fields these are; undefined when the object's managedFields say so already. */
  readonly writer: Writer | undefined;
}

/**
 * Longest registry key, and what names it leaves room for: names of RBAC kinds have no limit of
 * their own, but nats-server takes no longer subjects.
 */
const KEY_LIMIT = 3_000;
const NAME_LIMIT = 900;

/** How often a generated name that is taken is replaced by another. */
const NAME_ATTEMPTS = 8;

/**
 * Creates an object from a decoded body, which it changes. Gives the stored version; for a dry run
 * the one that would have been stored. Throws 400, 403, 404, 409, 422 or 504.
 */
export async function createObject(
  resources: Resources,
  target: Target,
  object: KubeObject,
  options: CreateOptions,
): Promise<Entry> {
  const { kind } = target;
  const { metadata } = object;
  matchTarget(target, object);
  const prefix = (metadata.name ?? "") === "" ? (metadata.generateName ?? "") : undefined;
  if (prefix === "") {
    throw invalid(kind, "", [required("metadata.name", "name or generateName is required")]);
  }
  fillNewMetadata(kind, object, resources.clock.now());
  const attempts = prefix === undefined ? 1 : NAME_ATTEMPTS;
  for (let left = attempts; ; left -= 1) {
    if (prefix !== undefined) metadata.name = generateName(prefix, resources.random);
    // Only another attempt needs the object as it came.
    const draft = left > 1 ? structuredClone(object) : object;
    try {
      return await createNamed(resources, target, draft, options);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
      if (left <= 1) throw nameTaken(resources, target, metadata.name);
    }
  }
}

async function createNamed(
  resources: Resources,
  target: Target,
  object: KubeObject,
  { dryRun, writer }: CreateOptions,
): Promise<Entry> {
  const { cache, store } = resources;
  const { kind, namespace } = target;
  const { name } = object.metadata;
  const strategy = resources.strategyOf(kind);
  if (namespace !== undefined) await checkNamespace(store, kind, { namespace, name });
  strategy.setDefaults(object);
  if (writer !== undefined) {
    const now = resources.clock.now();
    trackFields(kind, { live: undefined, next: object, writer, now });
  }
  strategy.prepareForCreate(object);
  const causes = strategy.validate(object);
  if (causes.length > 0) throw invalid(kind, name, causes);
  const key = keyOf(target, name);
  if (key.length > KEY_LIMIT) throw invalid(kind, name, [tooLong("metadata.name", NAME_LIMIT)]);
  if (cache.get(key) !== undefined) await store.refresh(key);
  if (cache.get(key) !== undefined) throw new RevisionConflict(key);
  const allocation = resources.allocationOf(kind);
  return withReservation(allocation, { object, old: undefined, dryRun }, () =>
    dryRun ? Promise.resolve(createEntry(key, 0, encodeObject(object))) : store.create(key, object),
  );
}

function nameTaken({ cache }: Resources, target: Target, name: string): Error {
  const { kind } = target;
  const existing = cache.get(keyOf(target, name));
  if (existing?.object.metadata.deletionTimestamp === undefined) return alreadyExists(kind, name);
  return beingDeleted(kind, name);
}

function beingDeleted(kind: Kind, name: string): Error {
  const taken = alreadyExists(kind, name);
  const message = `object is being deleted: ${taken.message}`;
  return statusError(409, "AlreadyExists", message, taken.status.details);
}
