import {
  formatAddress,
  type Frontend,
  frontendKey,
  type IpFamily,
  type ServiceTable,
  type TableDiff,
} from "@kubehop/routing";
import type { Logger } from "@kubehop/kit";
import type { Command, KernelCommands } from "./commands.ts";
import { type ConntrackEntry, parseConntrackEntry } from "./conntrack-entry.ts";
import type { KernelStats } from "./kernel-stats.ts";

/** Ends UDP flows that the kernel would go on sending to endpoints that no longer serve. */
export interface StaleFlows {
  /** Looks for stale flows after a sync, when it has changed something for UDP. */
  purge(table: ServiceTable, diff: TableDiff): Promise<void>;
}

/** What looking for stale flows takes. */
export interface StaleFlowsOptions {
  readonly commands: KernelCommands;
  readonly stats: KernelStats;
  readonly monotonic: () => number;
  readonly logger: Logger;
}

/** Durations kept between two scrapes. */
const MAX_DURATIONS = 1_000;

/** Creates a cleaner. Without the program conntrack it warns once and does nothing. */
export function createStaleFlows(options: StaleFlowsOptions): StaleFlows {
  const { commands, stats, logger, monotonic } = options;
  let missing = false;

  async function list(family: IpFamily): Promise<ConntrackEntry[]> {
    const result = await commands.run(["conntrack", "-L", "-p", "udp", "-f", wordOf(family)]);
    if (result.code !== 0) {
      missing = true;
      logger.warn(
        { cause: result.stderr.trim() },
        "conntrack cannot be used: UDP flows to removed endpoints last until they are idle; install it (Debian: conntrack)",
      );
    }
    return result.stdout.split("\n").flatMap((line) => parseConntrackEntry(line) ?? []);
  }

  return {
    async purge(table, diff) {
      const gone = new Set(diff.removed.filter(isUdp).map(({ key }) => key));
      const touched = [...diff.added, ...diff.changed.map(({ current }) => current)].some(isUdp);
      if (missing || (!touched && gone.size === 0)) return;
      const startedAt = monotonic();
      for (const family of familiesOf(diff)) {
        const stale = staleFlows(await list(family), table, gone);
        const results = [...deletions(stale, family)].map((command) => commands.run(command));
        await Promise.all(results);
        stats.conntrackDeleted += stale.length;
        if (stale.length > 0) logger.info({ family, flows: stale.length }, "stale UDP flows ended");
      }
      if (stats.conntrackDurations.length < MAX_DURATIONS) {
        stats.conntrackDurations.push((monotonic() - startedAt) / 1_000);
      }
    },
  };
}

/**
 * The flows to a Service's address whose answers would not come from an endpoint that serves
 * (upstream: pkg/proxy/conntrack/cleanup.go): also those that began before the Service had an
 * endpoint, and those of Services that are gone.
 */
export function staleFlows(
  entries: readonly ConntrackEntry[],
  { frontends }: ServiceTable,
  gone: ReadonlySet<string>,
): ConntrackEntry[] {
  return entries.filter(({ protocol, frontend, endpoint }) => {
    const key = frontendKey(protocol, frontend.ip, frontend.port);
    const known = frontends.get(key);
    if (known === undefined) return gone.has(key);
    return !known.service.serving.has(formatAddress(endpoint.ip, endpoint.port));
  });
}

/** One command for all clients of a frontend at one endpoint. */
function deletions(stale: readonly ConntrackEntry[], family: IpFamily): Iterable<Command> {
  const commands = new Map<string, Command>();
  for (const { frontend, endpoint } of stale) {
    const command: Command = [
      ...(["conntrack", "-D", "-p", "udp", "-f", wordOf(family)] as const),
      "--orig-dst",
      frontend.ip,
      "--orig-port-dst",
      String(frontend.port),
      "--reply-src",
      endpoint.ip,
      "--reply-port-src",
      String(endpoint.port),
    ];
    commands.set(command.join(" "), command);
  }
  return commands.values();
}

function familiesOf({ added, removed, changed }: TableDiff): IpFamily[] {
  const all = [...added, ...removed, ...changed.map(({ current }) => current)].filter(isUdp);
  return [...new Set(all.map(({ ip }): IpFamily => (ip.includes(":") ? "IPv6" : "IPv4")))];
}

function isUdp({ protocol }: Frontend): boolean {
  return protocol === "UDP";
}

function wordOf(family: IpFamily): string {
  return family === "IPv6" ? "ipv6" : "ipv4";
}
