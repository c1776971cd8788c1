import { Kinds, type Node, type Pod } from "@kubehop/api";
import { type Bus, createInformer, type Informer, type Logger } from "@kubehop/client";
import type { PodSources } from "./environment.ts";

/** Everything a kubelet follows in the registry. */
export interface Watches extends AsyncDisposable {
  readonly pods: PodWatch;
  readonly sources: PodSources;
  /** This node's object. */
  node(): Node | undefined;
  /** Resolves when everything was heard once; rejects when the signal aborts. */
  synced(signal: AbortSignal): Promise<void>;
  /** Calls back with the uid of a pod of this node that changed, and what it is or was. */
  onPod(handler: (uid: string, pod: Pod) => void): void;
  /** Calls back with namespace and `configmap/NAME` or `secret/NAME` of what changed. */
  onSource(handler: (namespace: string, reference: string) => void): void;
}

/** The pods of this node. */
export interface PodWatch {
  byUid(uid: string): Pod | undefined;
  byName(namespace: string, name: string): Pod | undefined;
  list(): readonly Pod[];
}

type AnyInformer = Pick<Informer<Pod>, "start" | "synced" | typeof Symbol.asyncDispose>;

/** Starts to follow what a node needs: pods, ConfigMaps, Secrets, Services, its Node object. */
export function createWatches(bus: Bus, nodeName: string, logger: Logger): Watches {
  const ofNode = (pod: Pod | undefined): boolean => pod?.spec.nodeName === nodeName;
  const pods = createInformer<Pod>({
    bus,
    kind: Kinds.Pod,
    logger,
    indexes: {
      uid: (pod) => [pod.metadata.uid ?? ""],
      node: (pod) => [pod.spec.nodeName ?? ""],
    },
  });
  const configMaps = createInformer({ bus, kind: Kinds.ConfigMap, logger });
  const secrets = createInformer({ bus, kind: Kinds.Secret, logger });
  const services = createInformer({ bus, kind: Kinds.Service, logger });
  const nodes = createInformer({ bus, kind: Kinds.Node, logger });
  const all: readonly AnyInformer[] = [pods, configMaps, secrets, services, nodes];
  for (const informer of all) informer.start();
  return {
    pods: {
      byUid: (uid) => pods.store.byIndex("uid", uid).find(ofNode),
      byName(namespace, name) {
        const pod = pods.store.get(`${namespace}/${name}`);
        return ofNode(pod) ? pod : undefined;
      },
      list: () => pods.store.byIndex("node", nodeName),
    },
    sources: {
      configMap: (namespace, name) => configMaps.store.get(`${namespace}/${name}`),
      secret: (namespace, name) => secrets.store.get(`${namespace}/${name}`),
      services: () => services.store.list(),
    },
    node: () => nodes.store.get(nodeName),
    async synced(signal) {
      await Promise.all(all.map((informer) => informer.synced(signal)));
    },
    onPod(handler) {
      pods.onChange(({ previous, current }) => {
        for (const pod of new Set([previous, current].filter(ofNode))) {
          if (pod?.metadata.uid !== undefined) handler(pod.metadata.uid, pod);
        }
      });
    },
    onSource(handler) {
      const tell = (kind: string) => (change: { readonly key: string }) => {
        const [namespace = "", name = ""] = change.key.split("/");
        handler(namespace, `${kind}/${name}`);
      };
      configMaps.onChange(tell("configmap"));
      secrets.onChange(tell("secret"));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((informer) => informer[Symbol.asyncDispose]()));
    },
  };
}
