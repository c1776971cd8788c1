import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, microTime, object, text, type SchemaOf } from "../schema.ts";

/** A sign of life, or a lock. */
export type Lease = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: LeaseSpec;
};

/** Who holds the lease and since when. */
export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
  strategy?: string;
  preferredHolder?: string;
}

/** Schema of Lease. */
export const LeaseSchema: SchemaOf<Lease> = object<Lease>("Lease", "A sign of life or a lock.", {
  ...typeAndMeta,
  spec: object<LeaseSpec>("LeaseSpec", "Who holds it.", {
    holderIdentity: text("The holder."),
    leaseDurationSeconds: int32("How long it lasts after renewTime."),
    acquireTime: microTime("When the holder took it."),
    renewTime: microTime("When the holder last renewed it."),
    leaseTransitions: int32("How often it changed hands."),
    strategy: text("Strategy of coordinated leader election."),
    preferredHolder: text("Who should take it next."),
  }),
});
