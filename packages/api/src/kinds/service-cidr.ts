import { ConditionsSchema, type Condition } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { list, object, text, type SchemaOf } from "../schema.ts";

/** A range of cluster IPs (KEP-1880). */
export type ServiceCIDR = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ServiceCIDRSpec;
  status?: ServiceCIDRStatus;
};

/** One range, or one for each IP family. */
export interface ServiceCIDRSpec {
  cidrs?: string[];
}

/** Condition Ready: addresses are allocated from it. */
export interface ServiceCIDRStatus {
  conditions?: Condition[];
}

/** Schema of ServiceCIDR. */
export const ServiceCIDRSchema: SchemaOf<ServiceCIDR> = object<ServiceCIDR>(
  "ServiceCIDR",
  "A range from which Services get their cluster IPs.",
  {
    ...typeAndMeta,
    spec: object<ServiceCIDRSpec>("ServiceCIDRSpec", "Desired state of the range.", {
      cidrs: list(text(""), "One range, or one for each IP family.", { listType: "atomic" }),
    }),
    status: object<ServiceCIDRStatus>("ServiceCIDRStatus", "State of the range.", {
      conditions: ConditionsSchema,
    }),
  },
);
