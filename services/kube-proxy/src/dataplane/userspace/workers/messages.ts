import type { Frontend, ServiceTable } from "@kubehop/routing";
import type { HopDetails } from "@kubehop/client";
import type { ForwarderSettings, UnboundPort } from "../../dataplane.ts";

/** What a worker thread is started with. */
export interface WorkerStart {
  readonly settings: ForwarderSettings;
  /** Whether it forwards by system calls of its own. */
  readonly epoll: boolean;
  /** Where pods and cluster IPs come from. */
  readonly clusterCidrs: readonly string[];
  readonly nodeAddresses: readonly string[];
  /** Of the worker's own random numbers: 32 bits. */
  readonly seed: number;
  readonly logLevel: string;
  readonly stats: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
}

/** The cells (32 bits each) of the memory that all workers and their owner share. */
export const CONTROL = { openConnections: 0, tracing: 1, size: 2 } as const;

/** What the owner asks of a worker. */
export type WorkerRequest = SyncRequest | { readonly type: "close" };

/** The part of a table's change that concerns a worker. */
export interface SyncRequest {
  readonly type: "sync";
  readonly resourceVersion: string;
  readonly node: ServiceTable["node"];
  readonly set: readonly Frontend[];
  /** Keys of frontends that this worker no longer serves. */
  readonly gone: readonly string[];
}

/** What a worker tells its owner. Each sync is answered once, in order. */
export type WorkerReport =
  | { readonly type: "synced"; readonly problem: string | undefined }
  | { readonly type: "unbound"; readonly ports: readonly UnboundPort[] }
  | { readonly type: "bindFailed"; readonly frontend: string; readonly problem: string }
  | { readonly type: "hop"; readonly event: HopDetails };
