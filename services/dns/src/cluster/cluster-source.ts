import type { Namespace, Pod, Service } from "@kubehop/api";
import type { Informer } from "@kubehop/client";
import type { ReadySlice } from "./trim.ts";

/** What the view needs of an informer. */
export type ObjectSource<T> = Pick<
  Informer<T>,
  "store" | "start" | "hasSynced" | "onChange" | "revision"
>;

/** The kinds that DNS answers from. */
export interface ClusterSource {
  /** As `trimService` leaves them. */
  readonly services: ObjectSource<Service>;
  readonly slices: ObjectSource<ReadySlice>;
  readonly namespaces: ObjectSource<Namespace>;
  /** Followed only from the first `pods verified` on. */
  readonly pods: ObjectSource<Pod>;
}
