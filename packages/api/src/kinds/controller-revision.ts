import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { freeForm, int64, object, type FreeForm, type SchemaOf } from "../schema.ts";

/** A remembered state of another object: a StatefulSet's pod template at one rollout. */
export type ControllerRevision = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  data?: FreeForm;
  revision: number;
};

/** Schema of ControllerRevision. */
export const ControllerRevisionSchema: SchemaOf<ControllerRevision> = object<ControllerRevision>(
  "ControllerRevision",
  "A remembered state of another object.",
  {
    ...typeAndMeta,
    data: freeForm("The state, as a patch of the object it belongs to."),
    revision: int64("Number of the state; the highest is the newest."),
  },
  ["revision"],
);
