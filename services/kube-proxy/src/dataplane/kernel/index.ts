import { diffTables, type IpFamily, type ServiceTable, type TableDiff } from "@kubehop/routing";
import { createRulesContext } from "@kubehop/rules";
import { familyOf } from "../any-ip.ts";
import type { DataPlane, DataPlaneOptions, SyncKind } from "../dataplane.ts";
import { watchFlows } from "./flow-watch.ts";
import type { CreateRuleSyncer, RuleSyncer } from "./rule-syncer.ts";
import { createStaleFlows } from "./stale-flows.ts";

/**
 * The data plane whose forwarding is the kernel's: this process only writes the rules. They outlive
 * it, as upstream's do; `kube-proxy --cleanup`, or a start in another mode, takes them out. Now and
 * then it looks whether they are still there.
 */
export function createKernelDataPlane(
  options: DataPlaneOptions,
  createSyncer: CreateRuleSyncer,
): DataPlane {
  return new KernelDataPlane(options, createSyncer);
}

class KernelDataPlane implements DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #createSyncer: CreateRuleSyncer;
  readonly #syncers = new Map<IpFamily, RuleSyncer>();
  readonly #staleFlows;
  readonly #flowWatch: Disposable;
  readonly #monitor: NodeJS.Timeout;
  #table: ServiceTable | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: DataPlaneOptions, createSyncer: CreateRuleSyncer) {
    const { kernel, clock, logger } = options;
    this.#options = options;
    this.#createSyncer = createSyncer;
    this.#staleFlows = createStaleFlows({ ...kernel, logger, monotonic: clock.monotonic });
    this.#flowWatch = watchFlows({
      ...options,
      commands: kernel.commands,
      table: () => this.#table,
    });
    this.#monitor = setInterval(() => {
      this.#looking ??= this.#lookAfterRules().finally(() => (this.#looking = undefined));
    }, kernel.monitorIntervalMs);
  }

  async sync(next: ServiceTable): Promise<SyncKind> {
    const first = this.#table === undefined;
    const diff = diffTables(this.#table, next);
    this.#addSyncers(next, diff);
    // The syncers have it now: one that fails writes everything anew the next time.
    this.#table = next;
    const kinds = await Promise.all([...this.#syncers.values()].map((syncer) => syncer.sync(diff)));
    await this.#staleFlows.purge(next, diff);
    if (first) await this.#options.kernel.anyIp.remove();
    return kinds.includes("full") ? "full" : "partial";
  }

  unboundPorts(): readonly never[] {
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#monitor);
    this.#flowWatch[Symbol.dispose]();
    await this.#looking;
    for (const syncer of this.#syncers.values()) await syncer[Symbol.asyncDispose]();
  }

  /** A family's rules are kept from the first Service, or node address, of it on. */
  #addSyncers({ node }: ServiceTable, { added }: TableDiff): void {
    const { kernel, logger } = this.#options;
    for (const family of new Set([...node.addresses, ...added.map(({ ip }) => ip)].map(familyOf))) {
      if (this.#syncers.has(family)) continue;
      const context = createRulesContext(node.addresses, { ...kernel, family });
      this.#syncers.set(family, this.#createSyncer({ ...kernel, context, logger }));
    }
  }

  async #lookAfterRules(): Promise<void> {
    const { logger, kernel } = this.#options;
    for (const syncer of this.#syncers.values()) {
      const intact = await syncer.isIntact().catch(() => true);
      if (intact) continue;
      logger.warn({ family: syncer.family }, "rules are gone from the kernel; writing them anew");
      syncer.invalidate();
      kernel.requestSync();
    }
  }
}
