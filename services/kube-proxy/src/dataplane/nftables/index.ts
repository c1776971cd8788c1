import { createNftablesPlanner, type NftUnit } from "@kubehop/rules";
import {
  type CreateRuleSyncer,
  type RuleSyncer,
  rulesError,
  type RuleSyncerOptions,
} from "../kernel/rule-syncer.ts";

/** Chains out of use are deleted so long after the sync that emptied them (upstream: 1 s). */
const CLEANUP_DELAY_MS = 1_000;
/**
 * How the kernel refuses a transaction that is larger than the socket's buffer, which a process
 * without the machine's own CAP_NET_ADMIN cannot enlarge.
 */
const TOO_LARGE = /Message too long|No buffer space/;

/**
 * Creates what keeps the table `ip kube-proxy` (or `ip6`). Each sync is one transaction of nft; where
 * the kernel refuses one so large, it is several, between which old and new rules stand together.
 */
export const createNftablesSyncer: CreateRuleSyncer = (options) => new NftablesSyncer(options);

class NftablesSyncer implements RuleSyncer {
  readonly #options: RuleSyncerOptions;
  readonly #planner;
  /** Lines the kernel takes in one transaction, as far as is known. */
  #maxLines = Number.POSITIVE_INFINITY;
  #whole = true;
  #cleanup: NodeJS.Timeout | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  /** The sync that runs now, or the last one; never rejects. */
  #syncing: Promise<unknown> = Promise.resolve();

  constructor(options: RuleSyncerOptions) {
    this.#options = options;
    this.#planner = createNftablesPlanner(options.context);
  }

  get family() {
    return this.#options.context.family;
  }

  invalidate(): void {
    this.#whole = true;
  }

  sync(diff: Parameters<RuleSyncer["sync"]>[0]): ReturnType<RuleSyncer["sync"]> {
    const result = this.#sync(diff);
    this.#syncing = result.catch(() => {});
    return result;
  }

  async isIntact(): Promise<boolean> {
    const table = this.family === "IPv6" ? "ip6" : "ip";
    const command = ["nft", "list", "map", table, "kube-proxy", "service-nodeports"] as const;
    return (await this.#options.commands.run(command)).code === 0;
  }

  /** Rules stay in the kernel, as upstream: connections go on while no kube-proxy runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#cleanup);
    await this.#cleaning;
  }

  async #sync(diff: Parameters<RuleSyncer["sync"]>[0]): ReturnType<RuleSyncer["sync"]> {
    const changes = this.#planner.update(diff);
    const whole = this.#whole;
    await this.#cleaning;
    this.#whole = true;
    try {
      await this.#apply(whole ? this.#planner.replaceAll() : changes);
    } catch (error) {
      this.#options.stats.nftablesSyncFailures += 1;
      throw error;
    }
    this.#whole = false;
    this.#cleanup ??= setTimeout(() => {
      this.#cleanup = undefined;
      // In the middle of a sync chains count as unused whose elements still stand in the kernel.
      this.#cleaning = this.#syncing.then(() => this.#cleanUp());
    }, CLEANUP_DELAY_MS);
    return whole ? "full" : "partial";
  }

  async #apply(units: readonly NftUnit[]): Promise<void> {
    for (let from = 0; from < units.length;) {
      const to = chunkEnd(units, from, this.#maxLines);
      const lines = units.slice(from, to).flat();
      const input = `${lines.join("\n")}\n`;
      const result = await this.#options.commands.run(["nft", "-f", "-"], input);
      if (result.code === 0) from = to;
      else if (TOO_LARGE.test(result.stderr) && to - from > 1) {
        this.#maxLines = Math.ceil(lines.length / 2);
      } else throw rulesError("nft", result, input);
    }
  }

  async #cleanUp(): Promise<void> {
    if (this.#whole) return;
    try {
      await this.#apply(this.#planner.takeStale().map((line) => [line]));
    } catch (err) {
      const { logger, stats } = this.#options;
      stats.nftablesCleanupFailures += 1;
      this.#whole = true;
      logger.warn({ err }, "empty chains not deleted; everything is written anew next time");
    }
  }
}

/** Up to which unit, at least one, a transaction of so many lines goes. */
function chunkEnd(units: readonly NftUnit[], from: number, maxLines: number): number {
  let lines = units[from]?.length ?? 0;
  let to = from + 1;
  for (; to < units.length; to++) {
    lines += units[to]?.length ?? 0;
    if (lines > maxLines) break;
  }
  return to;
}
