import { createNftablesPlanner, type NftUnit } from "@kubehop/rules";
import type { CreateRuleSyncer, RuleSyncer, RuleSyncerOptions } from "../kernel/rule-syncer.ts";
import { type NetlinkTable, openNetlinkTable } from "./netlink/index.ts";
import { createNftProgram } from "./nft-program.ts";

/** Chains out of use are deleted so long after the sync that emptied them (upstream: 1 s). */
const CLEANUP_DELAY_MS = 1_000;

/**
 * Creates what keeps the table `ip kube-proxy` (or `ip6`). Each sync is one transaction; where the
 * kernel refuses one so large, it is several, between which old and new rules stand together. What
 * is written whole, nft writes. Changes go to the kernel by netlink, and by nft where that cannot be.
 */
export const createNftablesSyncer: CreateRuleSyncer = (options) =>
  new NftablesSyncer(options, openNetlinkTable);

/** The same with another way to open netlink. */
export function nftablesSyncerWith(openNetlink: typeof openNetlinkTable): CreateRuleSyncer {
  return (options) => new NftablesSyncer(options, openNetlink);
}

class NftablesSyncer implements RuleSyncer {
  readonly #options: RuleSyncerOptions;
  readonly #planner;
  readonly #nft;
  readonly #openNetlink: typeof openNetlinkTable;
  #netlink: Promise<NetlinkTable | undefined> | undefined;
  #whole = true;
  #cleanup: NodeJS.Timeout | undefined;
  #cleaning: Promise<void> = Promise.resolve();
  /** The sync that runs now, or the last one; never rejects. */
  #syncing: Promise<unknown> = Promise.resolve();

  constructor(options: RuleSyncerOptions, openNetlink: typeof openNetlinkTable) {
    this.#options = options;
    this.#openNetlink = openNetlink;
    this.#planner = createNftablesPlanner(options.context);
    this.#nft = createNftProgram(options.commands, options.context.family);
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
    await this.#syncing;
    await this.#cleaning;
    await (await this.#netlink)?.[Symbol.asyncDispose]();
  }

  async #sync(diff: Parameters<RuleSyncer["sync"]>[0]): ReturnType<RuleSyncer["sync"]> {
    const changes = this.#planner.update(diff);
    const whole = this.#whole;
    await this.#cleaning;
    this.#whole = true;
    try {
      if (whole) await this.#nft.apply(this.#planner.replaceAll());
      else await this.#change(changes);
    } catch (error) {
      this.#options.stats.nftablesSyncFailures += 1;
      throw error;
    }
    this.#whole = false;
    // Now, so that no change has to wait for it.
    this.#netlink ??= this.#open();
    this.#cleanup ??= setTimeout(() => {
      this.#cleanup = undefined;
      // In the middle of a sync chains count as unused whose elements still stand in the kernel.
      this.#cleaning = this.#syncing.then(() => this.#cleanUp());
    }, CLEANUP_DELAY_MS);
    return whole ? "full" : "partial";
  }

  async #change(units: readonly NftUnit[]): Promise<void> {
    const netlink = await this.#netlink;
    const reason = netlink === undefined ? "no netlink" : await netlink.apply(units.flat());
    if (reason === undefined) return;
    this.#options.logger.debug({ family: this.family, reason }, "change left to nft");
    await this.#nft.apply(units);
  }

  /** The way of changes; it is told once when there is none. Never rejects. */
  async #open(): Promise<NetlinkTable | undefined> {
    try {
      return await this.#openNetlink(this.family);
    } catch (err) {
      const { family } = this;
      this.#options.logger.warn({ err, family }, "no netlink; changes take nft, which is slower");
      return undefined;
    }
  }

  async #cleanUp(): Promise<void> {
    if (this.#whole) return;
    try {
      await this.#change(this.#planner.takeStale().map((command) => [command]));
    } catch (err) {
      const { logger, stats } = this.#options;
      stats.nftablesCleanupFailures += 1;
      this.#whole = true;
      logger.warn({ err }, "empty chains not deleted; everything is written anew next time");
    }
  }
}
