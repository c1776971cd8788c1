import { ConditionsSchema, type Condition } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { list, object, text, type SchemaOf } from "../schema.ts";

/** A room for names. */
export type Namespace = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: NamespaceSpec;
  status?: NamespaceStatus;
};

/** Who must act before a Namespace may go. */
export interface NamespaceSpec {
  finalizers?: string[];
}

/** Active or Terminating. */
export interface NamespaceStatus {
  phase?: "Active" | "Terminating";
  conditions?: Condition[];
}

/** Schema of Namespace. */
export const NamespaceSchema: SchemaOf<Namespace> = object<Namespace>(
  "Namespace",
  "A room for names; deleting it deletes everything in it.",
  {
    ...typeAndMeta,
    spec: object<NamespaceSpec>("NamespaceSpec", "Desired state of the Namespace.", {
      finalizers: list(text(""), "Who must act before it may go.", { listType: "atomic" }),
    }),
    status: object<NamespaceStatus>("NamespaceStatus", "State of the Namespace.", {
      phase: text("Active or Terminating."),
      conditions: ConditionsSchema,
    }),
  },
);
