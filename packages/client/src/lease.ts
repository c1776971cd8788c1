import { type Draft, isNotFound, Kinds, type Lease, type OwnerReference } from "@kubehop/api";
import type { RestClient } from "./rest.ts";
import type { ObjectRef } from "./rest-path.ts";

/** Whose sign of life, and for how long it counts. */
export interface LeaseClaim {
  readonly ref: ObjectRef;
  readonly holderIdentity: string;
  readonly durationSeconds: number;
  /** What the lease goes with (a node's lease belongs to its Node). */
  readonly ownerReferences?: OwnerReference[];
}

/**
 * Says "I am alive" in a Lease: creates it or renews it, whoever held it before. Give the lease of
 * the last renewal to spare a read. Rejects as RestClient does (409 when somebody else wrote it
 * meanwhile: try again without `last`).
 */
export async function renewLease(
  rest: RestClient,
  claim: LeaseClaim,
  now: number,
  last?: Lease,
): Promise<Lease> {
  const held = last ?? (await findLease(rest, claim.ref));
  if (held === undefined) return rest.create(Kinds.Lease, leaseDraft(claim, now));
  return rest.update(Kinds.Lease, claimedLease(held, claim, now));
}

/** The lease of that name, or undefined. */
export async function findLease(rest: RestClient, ref: ObjectRef): Promise<Lease | undefined> {
  try {
    return await rest.get(Kinds.Lease, ref);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** A new lease for a claim. */
export function leaseDraft(claim: LeaseClaim, now: number): Draft<Lease> {
  const { name, namespace } = claim.ref;
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(claim.ownerReferences && { ownerReferences: claim.ownerReferences }),
    },
    spec: {
      holderIdentity: claim.holderIdentity,
      leaseDurationSeconds: claim.durationSeconds,
      acquireTime: microTime(now),
      renewTime: microTime(now),
      leaseTransitions: 0,
    },
  };
}

/** A lease renewed, or taken over from another holder. */
export function claimedLease(lease: Lease, claim: LeaseClaim, now: number): Lease {
  const spec = lease.spec ?? {};
  const takenOver = spec.holderIdentity !== claim.holderIdentity;
  return {
    ...lease,
    spec: {
      ...spec,
      holderIdentity: claim.holderIdentity,
      leaseDurationSeconds: claim.durationSeconds,
      renewTime: microTime(now),
      ...(takenOver && {
        acquireTime: microTime(now),
        leaseTransitions: (spec.leaseTransitions ?? 0) + 1,
      }),
    },
  };
}

/** Unix ms as a MicroTime: RFC 3339 with six digits. */
export function microTime(now: number): string {
  const micros = Math.floor((now * 1_000) % 1_000_000)
    .toString()
    .padStart(6, "0");
  return new Date(now).toISOString().replace(/\.\d+Z$/, `.${micros}Z`);
}
