import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, list, object, type SchemaOf } from "../schema.ts";
import {
  LocalObjectReferenceSchema,
  ObjectReferenceSchema,
  type LocalObjectReference,
  type ObjectReference,
} from "./object-reference.ts";

/** Who a pod is. */
export type ServiceAccount = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  secrets?: ObjectReference[];
  imagePullSecrets?: LocalObjectReference[];
  automountServiceAccountToken?: boolean;
};

/** Schema of ServiceAccount. */
export const ServiceAccountSchema: SchemaOf<ServiceAccount> = object<ServiceAccount>(
  "ServiceAccount",
  "Identity of pods.",
  {
    ...typeAndMeta,
    secrets: list(ObjectReferenceSchema, "Secrets its pods may use.", {
      mergeKey: "name",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["name"],
    }),
    imagePullSecrets: list(LocalObjectReferenceSchema, "Secrets to pull images with.", {
      listType: "atomic",
    }),
    automountServiceAccountToken: bool("Whether pods get a token mounted."),
  },
);
