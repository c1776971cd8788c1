import type { TSchema } from "typebox";

import type { KubeObject } from "../meta/object-meta.ts";
import type { Decoder } from "../schema-decoder.ts";

/** How objects of a version that is not the stored one become those of the stored one, and back. */
export interface Conversion {
  /** The row of the version that is stored. */
  readonly stored: Kind;
  toStored(object: KubeObject): KubeObject;
  /** The inverse; the object it gets is not changed. */
  fromStored(object: KubeObject): KubeObject;
  /** The stored version's name of a field that field selectors may name; undefined for none. */
  storedField(field: string): string | undefined;
}

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
  /** Reads bodies; that of the schema when absent. */
  readonly decoder?: Decoder;
  /** It has the subresource /status. */
  readonly status: boolean;
  /** It has the subresource /scale. */
  readonly scale: boolean;
  /** Changes of its desired state increase metadata.generation. */
  readonly generation: boolean;
  /** The verbs it has, when it does not have them all: reviews are only created. */
  readonly verbs?: readonly string[];
  /** Set when another version of the kind is the one that is stored. */
  readonly conversion?: Conversion;
  /** Carries T for the type checker only; never set. */
  readonly "~object"?: T;
}

/** apiVersion of a kind: `v1`, `apps/v1` … */
export function apiVersionOf(kind: Pick<Kind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
