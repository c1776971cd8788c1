import type { CustomResourceDefinition, Kind, KubeObject } from "@kubehop/api";
import type { Informer } from "@kubehop/client";

/** A kind that a CustomResourceDefinition defines, and the cache of its objects. */
export interface CustomCache {
  readonly kind: Kind;
  readonly cache: Informer<KubeObject>;
}

/** Caches of the kinds that CustomResourceDefinitions define; they come and go with these. */
export interface CustomCaches extends AsyncDisposable {
  all(): readonly CustomCache[];
  /** The kind that an object names, in whatever version. */
  find(apiVersion: string, kind: string): CustomCache | undefined;
  /** Calls back for each kind there will be, before its cache is filled. */
  onKind(handler: (custom: CustomCache) => void): void;
}

/** What custom caches are made of. */
export interface CustomCachesOptions {
  readonly definitions: Informer<CustomResourceDefinition>;
  createCache(kind: Kind): Informer<KubeObject>;
}

/** Follows the definitions: a cache for each kind that is established. */
export function createCustomCaches(options: CustomCachesOptions): CustomCaches {
  const caches = new Map<string, CustomCache>();
  const handlers: ((custom: CustomCache) => void)[] = [];
  const closing = new Set<Promise<void>>();

  const add = (name: string, kind: Kind): void => {
    const custom = { kind, cache: options.createCache(kind) };
    caches.set(name, custom);
    for (const handler of handlers) handler(custom);
    custom.cache.start();
  };
  const remove = (name: string): void => {
    const custom = caches.get(name);
    if (custom === undefined) return;
    caches.delete(name);
    const closed = close(custom).finally(() => closing.delete(closed));
    closing.add(closed);
  };
  options.definitions.onChange(({ key, current }) => {
    const kind = current && storedKindOf(current);
    if (kind === undefined) remove(key);
    else if (!caches.has(key)) add(key, kind);
  });
  return {
    all: () => [...caches.values()],
    find(apiVersion, name) {
      const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [""];
      return [...caches.values()].find(({ kind }) => kind.group === group && kind.kind === name);
    },
    onKind: (handler) => void handlers.push(handler),
    async [Symbol.asyncDispose]() {
      for (const name of caches.keys()) remove(name);
      await Promise.all(closing);
    },
  };
}

async function close({ cache }: CustomCache): Promise<void> {
  await cache[Symbol.asyncDispose]();
}

/** The kind in the version its objects are stored in; undefined while it is not established. */
function storedKindOf(definition: CustomResourceDefinition): Kind | undefined {
  const { spec, status } = definition;
  const version = spec.versions?.find(({ storage }) => storage === true)?.name;
  const { plural, kind, singular = "" } = status?.acceptedNames ?? {};
  if (plural === undefined || kind === undefined || version === undefined) return undefined;
  if (!isEstablished(definition)) return undefined;
  return {
    group: spec.group ?? "",
    version,
    kind,
    plural,
    singular,
    shortNames: [],
    categories: [],
    namespaced: spec.scope === "Namespaced",
    schema: {},
    status: false,
    scale: false,
    generation: true,
  };
}

function isEstablished({ status }: CustomResourceDefinition): boolean {
  const established = status?.conditions?.find(({ type }) => type === "Established");
  return established?.status === "True";
}
