import { setTimeout as delay } from "node:timers/promises";
import { Kinds, type Lease } from "@kubehop/api";
import { claimedLease, findLease, type LeaseClaim, leaseDraft } from "./lease.ts";
import { type Clock, type Logger, systemClock } from "./logger.ts";
import type { RestClient } from "./rest.ts";

/** One of several processes may lead at a time; the Lease says who. */
export interface LeaderElectionOptions {
  readonly rest: RestClient;
  readonly claim: LeaseClaim;
  /** How often to try and to renew, in ms; upstream's default is 2 s. */
  readonly retryPeriodMs: number;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly signal: AbortSignal;
  /** What the leader does; its signal aborts when the lead is lost. */
  lead(signal: AbortSignal): Promise<void>;
}

/**
 * Waits for the lead, leads, and waits again when it is lost; resolves after the signal aborted.
 * A holder counts as gone when we saw no renewal for the lease's duration by our own clock (clocks
 * of other machines are not trusted, as in client-go). A leader that cannot renew for two thirds of
 * the duration stops before another can begin.
 */
export async function runLeaderElection(options: LeaderElectionOptions): Promise<void> {
  const { claim, logger, signal } = options;
  const watchful = createClaimant(options);
  while (!signal.aborted) {
    await until(options, async () => watchful.tryClaim());
    if (signal.aborted) return;
    logger.info({ holder: claim.holderIdentity }, "became leader");
    const lost = new AbortController();
    const leading = AbortSignal.any([signal, lost.signal]);
    const led = options.lead(leading).finally(() => lost.abort());
    // Waited for below; a leader that fails meanwhile ends the holding first.
    led.catch(() => {});
    await holdLead({ ...options, signal: leading }, watchful);
    lost.abort();
    await led;
    if (!signal.aborted) logger.warn({ holder: claim.holderIdentity }, "lost the lead");
  }
}

interface Claimant {
  /** Creates, takes over or renews the lease; false when somebody else holds it. */
  tryClaim(): Promise<boolean>;
}

function createClaimant({ rest, claim, clock = systemClock }: LeaderElectionOptions): Claimant {
  let seen: string | undefined;
  let seenAt = 0;
  const isFree = (lease: Lease): boolean => {
    const version = lease.metadata.resourceVersion;
    if (version !== seen) {
      seen = version;
      seenAt = clock.now();
    }
    const holder = lease.spec?.holderIdentity ?? "";
    if (holder === "" || holder === claim.holderIdentity) return true;
    const duration = (lease.spec?.leaseDurationSeconds ?? claim.durationSeconds) * 1_000;
    return clock.now() - seenAt > duration;
  };
  return {
    async tryClaim() {
      const lease = await findLease(rest, claim.ref);
      if (lease === undefined) {
        await rest.create(Kinds.Lease, leaseDraft(claim, clock.now()));
        return true;
      }
      if (!isFree(lease)) return false;
      await rest.update(Kinds.Lease, claimedLease(lease, claim, clock.now()));
      return true;
    },
  };
}

/** Renews until the lease could not be renewed for too long, or the signal aborts. */
async function holdLead(options: LeaderElectionOptions, claimant: Claimant): Promise<void> {
  const patienceMs = (options.claim.durationSeconds * 1_000 * 2) / 3;
  const clock = options.clock ?? systemClock;
  let renewed = clock.now();
  while (!options.signal.aborted && clock.now() - renewed < patienceMs) {
    await pause(options);
    const held = await attempt(options, () => claimant.tryClaim());
    if (held === false) return;
    if (held) renewed = clock.now();
  }
}

async function until(
  options: LeaderElectionOptions,
  condition: () => Promise<boolean>,
): Promise<void> {
  while (!options.signal.aborted && (await attempt(options, condition)) !== true) {
    await pause(options);
  }
}

/** Undefined when the attempt failed: the server is away, or another was faster. */
async function attempt(
  { logger }: LeaderElectionOptions,
  run: () => Promise<boolean>,
): Promise<boolean | undefined> {
  try {
    return await run();
  } catch (err) {
    logger.debug({ err }, "lease not written, will retry");
    return undefined;
  }
}

async function pause({ retryPeriodMs, signal }: LeaderElectionOptions): Promise<void> {
  await delay(retryPeriodMs, undefined, { signal }).catch(() => {});
}
