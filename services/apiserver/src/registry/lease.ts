import { Kinds, type Lease } from "@kubehop/api";
import { nonNegative, positive } from "./common-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Lease: durations are positive; PUT creates it, as kubelets expect. */
export const leaseStrategy: Strategy<Lease> = createStrategy(Kinds.Lease, {
  createOnUpdate: true,
  defaults: (lease) => {
    lease.spec ??= {};
  },
  validate: ({ spec = {} }) => [
    ...positive("spec.leaseDurationSeconds", spec.leaseDurationSeconds),
    ...nonNegative("spec.leaseTransitions", spec.leaseTransitions),
  ],
});
