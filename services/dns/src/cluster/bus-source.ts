import { type KubeObject, type Kind, Kinds } from "@kubehop/api";
import { type Bus, createInformer, type Informer, type Store, type Stored } from "@kubehop/client";
import type { Logger } from "@kubehop/kit";
import type { ClusterSource, ObjectSource } from "./cluster-source.ts";
import { trimService, trimSlice } from "./trim.ts";

/** A source over the bus; disposing it ends the watches. */
export interface BusSource extends ClusterSource, AsyncDisposable {}

/**
 * Follows the registry as soon as the bus is connected; until then every store is empty and
 * nothing is synced, so that the server can start while the bus is away.
 */
export function createBusSource(bus: Promise<Bus>, logger: Logger): BusSource {
  const follow = <T extends KubeObject, S extends Stored = T>(
    kind: Kind<T>,
    transform?: (object: T) => S,
  ): Deferred<S> =>
    deferInformer(
      bus.then((connected) =>
        createInformer({ bus: connected, kind, logger, ...(transform && { transform }) }),
      ),
    );
  const services = follow(Kinds.Service, trimService);
  const slices = follow(Kinds.EndpointSlice, trimSlice);
  const namespaces = follow(Kinds.Namespace);
  const pods = follow(Kinds.Pod);
  return {
    services,
    slices,
    namespaces,
    pods,
    async [Symbol.asyncDispose]() {
      await Promise.all([services.stop(), slices.stop(), namespaces.stop(), pods.stop()]);
    },
  };
}

interface Deferred<T> extends ObjectSource<T> {
  stop(): Promise<void>;
}

function deferInformer<T extends Stored>(coming: Promise<Informer<T>>): Deferred<T> {
  let informer: Informer<T> | undefined;
  let started = false;
  const early = new Set<Parameters<Informer<T>["onChange"]>[0]>();
  const adopt = async (): Promise<void> => {
    informer = await coming;
    for (const handler of early) informer.onChange(handler);
    if (started) informer.start();
  };
  // Whoever connects the bus reports why it failed.
  adopt().catch(() => undefined);
  return {
    get store() {
      return informer?.store ?? emptyStore<T>();
    },
    start() {
      started = true;
      informer?.start();
    },
    hasSynced: () => informer?.hasSynced() ?? false,
    revision: () => informer?.revision() ?? 0,
    onChange(handler) {
      if (informer !== undefined) return informer.onChange(handler);
      early.add(handler);
      return { [Symbol.dispose]: () => early.delete(handler) };
    },
    async stop() {
      await informer?.[Symbol.asyncDispose]();
    },
  };
}

function emptyStore<T>(): Store<T> {
  return { get: () => undefined, list: () => [], byIndex: () => [], size: () => 0 };
}
