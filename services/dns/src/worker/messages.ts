import type { DnsConfig } from "../config.ts";
import type { Corefile } from "../corefile/parser.ts";
import type { MetricFamilies } from "./metrics.ts";

/** What a worker thread is started with. */
export interface WorkerSetting {
  /** 1 for the first; the process's own thread is 0. */
  readonly index: number;
  readonly config: DnsConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a worker is to answer from. */
export interface Assignment {
  readonly corefile: Corefile;
  /** The bound port of each address of the Corefile, in their order. */
  readonly ports: readonly number[];
}

/** What the process says to a worker. */
export type ToWorker =
  | { readonly kind: "serve"; readonly assignment: Assignment }
  | { readonly kind: "report"; readonly id: number }
  | { readonly kind: "stop" };

/** What a worker says to the process. */
export type FromWorker =
  | { readonly kind: "serving" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "report"; readonly id: number; readonly families: MetricFamilies }
  | { readonly kind: "abort" };
