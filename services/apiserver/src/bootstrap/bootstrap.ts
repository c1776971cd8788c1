import { isAlreadyExists, type KubeObject } from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import { createObject } from "../resources/create.ts";
import { SERVER } from "../resources/field-ownership.ts";
import { startPeriodic } from "../resources/periodic.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf, type Target } from "../resources/target.ts";
import { updateObject } from "../resources/update.ts";
import type { BootstrapObject } from "./objects.ts";

/** How often the objects are looked at. */
const INTERVAL_MS = 10_000;

/**
 * Creates the objects that must always exist, and keeps on creating them when somebody deletes
 * them. Resolves when all of them exist; a later failure is logged and tried again.
 */
export async function startBootstrap(
  resources: Resources,
  objects: readonly BootstrapObject[],
  logger: Logger,
): Promise<AsyncDisposable> {
  const ensureAll = async (): Promise<void> => {
    for (const object of objects) await ensureObject(resources, object);
  };
  await ensureAll();
  return startPeriodic({
    intervalMs: INTERVAL_MS,
    run: ensureAll,
    onFailure: (error) => {
      logger.warn({ err: error }, "an object that must exist could not be written, will retry");
    },
  });
}

/** Creates an object that is missing; one whose content is fixed is restored. */
export async function ensureObject(resources: Resources, wanted: BootstrapObject): Promise<void> {
  const { kind, object, fixed } = wanted;
  const { name, namespace } = object.metadata;
  const target = { kind, ...(namespace !== undefined && { namespace }) };
  if (resources.cache.get(keyOf(target, name)) === undefined) {
    await create(resources, target, object);
  } else if (fixed) {
    const apply = (current: KubeObject): KubeObject => restored(current, object);
    await updateObject(resources, {
      target: { ...target, name },
      part: "object",
      dryRun: false,
      writer: SERVER,
      apply,
    });
  }
}

async function create(resources: Resources, target: Target, object: KubeObject): Promise<void> {
  try {
    await createObject(resources, target, structuredClone(object), {
      dryRun: false,
      writer: SERVER,
    });
  } catch (error) {
    // Another API server was faster.
    if (!isAlreadyExists(error)) throw error;
  }
}

function restored(current: KubeObject, wanted: KubeObject): KubeObject {
  const labels = { ...current.metadata.labels, ...wanted.metadata.labels };
  const metadata = { ...current.metadata, labels };
  return { ...current, ...structuredClone(wanted), metadata };
}
