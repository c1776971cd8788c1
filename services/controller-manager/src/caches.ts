import {
  apiVersionOf,
  type Kind,
  kindOf,
  Kinds,
  type KindTypes,
  type KubeObject,
  type Pod,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import {
  type Bus,
  createInformer,
  type IndexFunction,
  type Informer,
  type Logger,
} from "@kubehop/client";
import { createCustomCaches, type CustomCaches } from "./custom-caches.ts";
import { controllerOf } from "./owners.ts";

/** A cache for each kind; the controllers read these and never the API server. */
export type Caches = { readonly [K in keyof KindTypes]: Informer<KindTypes[K]> } & {
  /** Those of the kinds that users define. */
  readonly custom: CustomCaches;
};

/** Index: objects by the uid of the owner that controls them. */
export const BY_CONTROLLER = "controller";
/** Index: objects by the uid of each owner. */
export const BY_OWNER = "owner";
/** Index: objects by their own uid. */
export const BY_UID = "uid";
/** Index of pods: by node; under "" those that have none. */
export const BY_NODE = "node";

/** Index of EndpointSlices: by the namespace/name of their Service. */
export const BY_SERVICE = "service";

/** Creates a cache for each kind of the API; nothing is read before they are started. */
export function createCaches(bus: Bus, logger: Logger): Caches {
  const createCache = (kind: Kind): Informer<KubeObject> =>
    createInformer({ bus, kind, logger, indexes: indexesOf(kind) });
  const entries = BUILT_IN.map((kind) => [kind.kind, createCache(kind)]);
  const builtIn = Object.fromEntries(entries) as Omit<Caches, "custom">;
  const definitions = builtIn.CustomResourceDefinition;
  return { ...builtIn, custom: createCustomCaches({ definitions, createCache }) };
}

const BUILT_IN = Object.values(Kinds) as unknown as readonly Kind[];

/** The caches of the built-in kinds. */
export function builtInCaches(caches: Caches): readonly Informer<KubeObject>[] {
  return BUILT_IN.map((kind) => caches[kind.kind as keyof KindTypes]);
}

/** All caches, for those who treat every kind alike. */
export function allCaches(caches: Caches): readonly Informer<KubeObject>[] {
  return [...builtInCaches(caches), ...caches.custom.all().map(({ cache }) => cache)];
}

/** Calls back for each kind there is or will be, with its cache. */
export function onEachKind(
  caches: Caches,
  handler: (kind: Kind, cache: Informer<KubeObject>) => void,
): void {
  for (const kind of BUILT_IN) handler(kind, cacheOf(caches, kind));
  caches.custom.onKind(({ kind, cache }) => handler(kind, cache));
}

/** The kind that an object names; undefined when nobody knows it. */
export function findKind(caches: Caches, apiVersion: string, kind: string): Kind | undefined {
  return kindOf(apiVersion, kind) ?? caches.custom.find(apiVersion, kind)?.kind;
}

/** Every kind whose objects live in namespaces. */
export function namespacedKinds({ custom }: Caches): readonly Kind[] {
  return [...BUILT_IN, ...custom.all().map(({ kind }) => kind)].filter(
    ({ namespaced }) => namespaced,
  );
}

/** The cache of a kind. */
export function cacheOf<T extends KubeObject>(caches: Caches, kind: Kind<T>): Informer<T> {
  const known = kindOf(apiVersionOf(kind), kind.kind);
  const cache =
    known === undefined
      ? caches.custom.find(apiVersionOf(kind), kind.kind)?.cache
      : caches[kind.kind as keyof KindTypes];
  if (cache === undefined) throw new Error(`${kind.plural}.${kind.group} is defined no more`);
  return cache as unknown as Informer<T>;
}

function indexesOf(kind: Kind): Record<string, IndexFunction<KubeObject>> {
  return {
    [BY_CONTROLLER]: (object) => present(controllerOf(object)?.uid),
    [BY_OWNER]: (object) => (object.metadata.ownerReferences ?? []).map((owner) => owner.uid),
    [BY_UID]: (object) => present(object.metadata.uid),
    ...(kind.kind === Kinds.Pod.kind && {
      [BY_NODE]: (object: KubeObject) => [(object as Pod).spec.nodeName ?? ""],
    }),
    ...(kind.kind === Kinds.EndpointSlice.kind && {
      [BY_SERVICE]: ({ metadata }: KubeObject) => {
        const name = metadata.labels?.[SERVICE_NAME_LABEL];
        return present(name && `${metadata.namespace}/${name}`);
      },
    }),
  };
}

function present(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
