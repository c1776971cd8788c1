import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { object, type SchemaOf } from "../schema.ts";
import { PodSpecSchema, type PodSpec } from "./pod-spec.ts";
import { PodStatusSchema, type PodStatus } from "./pod-status.ts";

/** Containers with one address. */
export type Pod = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: PodSpec;
  status?: PodStatus;
};

/** Schema of Pod. */
export const PodSchema: SchemaOf<Pod> = object<Pod>(
  "Pod",
  "Containers that run on one node and share one address.",
  { ...typeAndMeta, spec: PodSpecSchema, status: PodStatusSchema },
);
