import type { TSchema } from "typebox";

import type { KubeObject } from "../meta/object-meta.ts";

/** One row of the table of kinds: what routes, discovery, storage and clients need to know. */
export interface Kind<T extends KubeObject = KubeObject> {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The resource's name in paths, keys and error texts. */
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** Groups of resources, as in `kubectl get all`. */
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly schema: TSchema;
  /** It has the subresource /status. */
  readonly status: boolean;
  /** It has the subresource /scale. */
  readonly scale: boolean;
  /** Changes of its desired state increase metadata.generation. */
  readonly generation: boolean;
  /** Carries T for the type checker only; never set. */
  readonly "~object"?: T;
}
