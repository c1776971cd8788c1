import { type KindTypes, Kinds, type KubeObject, type Kind, type Pod } from "@kubehop/api";
import {
  type Bus,
  createInformer,
  type IndexFunction,
  type Informer,
  type Logger,
} from "@kubehop/client";
import { controllerOf } from "./owners.ts";

/** A cache for each kind; the controllers read these and never the API server. */
export type Caches = { readonly [K in keyof KindTypes]: Informer<KindTypes[K]> };

/** Index: objects by the uid of the owner that controls them. */
export const BY_CONTROLLER = "controller";
/** Index: objects by the uid of each owner. */
export const BY_OWNER = "owner";
/** Index: objects by their own uid. */
export const BY_UID = "uid";
/** Index of pods: by node; under "" those that have none. */
export const BY_NODE = "node";

/** Creates a cache for each kind of the API; nothing is read before they are started. */
export function createCaches(bus: Bus, logger: Logger): Caches {
  const kinds = Object.values(Kinds) as unknown as readonly Kind[];
  const entries = kinds.map((kind) => [
    kind.kind,
    createInformer({ bus, kind, logger, indexes: indexesOf(kind) }),
  ]);
  return Object.fromEntries(entries) as Caches;
}

/** All caches, for those who treat every kind alike. */
export function allCaches(caches: Caches): readonly Informer<KubeObject>[] {
  return Object.values(caches) as readonly Informer<KubeObject>[];
}

/** The cache of a kind. */
export function cacheOf<T extends KubeObject>(caches: Caches, kind: Kind<T>): Informer<T> {
  return caches[kind.kind as keyof Caches] as unknown as Informer<T>;
}

function indexesOf(kind: Kind): Record<string, IndexFunction<KubeObject>> {
  return {
    [BY_CONTROLLER]: (object) => present(controllerOf(object)?.uid),
    [BY_OWNER]: (object) => (object.metadata.ownerReferences ?? []).map((owner) => owner.uid),
    [BY_UID]: (object) => present(object.metadata.uid),
    ...(kind.kind === Kinds.Pod.kind && {
      [BY_NODE]: (object: KubeObject) => [(object as Pod).spec.nodeName ?? ""],
    }),
  };
}

function present(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
