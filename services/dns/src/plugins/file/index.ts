import { Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import { type Handler, type MaybePromise, PluginError } from "../../chain.ts";
import { CorefileError } from "../../corefile/corefile-error.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import { deriveQuery, type Query } from "../../query.ts";
import { createReply, type Reply } from "../../reply.ts";
import { matchZone } from "../../zones.ts";
import { createLoader, type LoadedZones } from "./loader.ts";
import { lookUp, type ZoneAnswer } from "./lookup.ts";
import { type FileOptions, readFileOptions } from "./options.ts";
import type { Zone } from "./zone.ts";

const NAME = "file";

/** Zones from master files (RFC 1035 §5). It may stand several times in a block. */
export const file: Plugin = {
  name: NAME,
  setup(directives, context) {
    const all = directives.map((directive) => {
      const options = readFileOptions(directive, context);
      return { options, zones: openZones(options, context) };
    });
    const timers: NodeJS.Timeout[] = [];
    const { siblings } = context;
    const zoneOf = (name: string) => findZone(all, name);
    return {
      link: (next) => (query) => answer(query, { found: zoneOf(query.name), next }),
      transfer(origin, serial) {
        const zone = zoneOf(origin)?.zone;
        return zone?.origin === origin ? transferRecords(zone, serial) : undefined;
      },
      async start() {
        for (const { options, zones } of all) {
          for (const zone of options.zones) siblings().get("transfer")?.notify?.(zone);
          if (options.reloadMs === 0) continue;
          timers.push(setInterval(() => zones.refresh(), options.reloadMs).unref());
        }
      },
      async stop() {
        for (const timer of timers) clearInterval(timer);
      },
    };
  },
};

interface FileZones {
  readonly options: FileOptions;
  readonly zones: LoadedZones;
}

/** A directive whose file holds a name, and the zone if it could be read. */
interface FoundZone {
  readonly options: FileOptions;
  readonly zone: Zone | undefined;
}

function findZone(all: readonly FileZones[], name: string): FoundZone | undefined {
  const origin = matchZone(
    all.flatMap(({ options }) => options.zones),
    name,
  );
  const found = all.find(({ options }) => origin !== undefined && options.zones.includes(origin));
  if (found === undefined || origin === undefined) return undefined;
  return { options: found.options, zone: found.zones.zone(origin) };
}

/** A file with mistakes keeps the block from serving; one that is not there yet is waited for. */
function openZones(options: FileOptions, { logger, siblings }: SetupContext): LoadedZones {
  const onChange = (origin: string): void => siblings().get("transfer")?.notify?.(origin);
  const zones = createLoader(options, { logger, onChange });
  try {
    zones.load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const missing = error instanceof Error && "code" in error;
    if (!missing || options.reloadMs === 0) {
      throw new CorefileError(options.directive.position, `file: ${reason}`);
    }
    const { file: path, reloadMs } = options;
    logger.warn({ plugin: NAME, file: path, reason, reloadMs }, "zone file is tried again");
  }
  return zones;
}

function answer(
  query: Query,
  { found, next }: { found: FoundZone | undefined; next: Handler },
): MaybePromise<Reply> {
  if (found === undefined) return next(query);
  const { zone, options } = found;
  if (zone === undefined) throw new PluginError(NAME, `${options.file} was never read`);
  const { name, type } = query.question;
  if (type === "AXFR" || type === "IXFR") {
    return createReply(NAME, { rcode: Rcode.REFUSED, flags: 0 });
  }
  const result = lookUp(zone, { name: query.name, owner: name, type });
  if (result.kind === "nxdomain" && options.fallthrough.through(query.name)) return next(query);
  if (result.outside !== undefined) return resolveOutside(query, result, result.outside);
  return toReply(result);
}

function toReply(result: ZoneAnswer): Reply {
  const { kind, answers, authorities, additionals } = result;
  // A referral is not an answer of one's own (RFC 1034 §4.3.1).
  const flags = kind === "delegation" && answers.length === 0 ? 0 : Flag.AA;
  const rcode = kind === "nxdomain" ? Rcode.NXDOMAIN : Rcode.NOERROR;
  return createReply(NAME, { rcode, flags, answers, authorities, additionals });
}

/** A CNAME out of the zone is followed through this listener's own plugins. */
async function resolveOutside(query: Query, result: ZoneAnswer, target: string): Promise<Reply> {
  const further = deriveQuery(query, target, query.question.type);
  const reply = further === undefined ? undefined : await tryDispatch(further);
  return toReply({ ...result, answers: [...result.answers, ...(reply?.answers ?? [])] });
}

async function tryDispatch(query: Query): Promise<Reply | undefined> {
  try {
    return await query.dispatch(query);
  } catch {
    return undefined;
  }
}

/** The whole zone between its SOA twice, or the SOA alone for who has it already. */
function transferRecords(zone: Zone, serial: number | undefined): readonly ResourceRecord[] {
  const { soa, records } = zone;
  if (serial !== undefined && !isNewer(soa.serial, serial)) return [soa];
  return [soa, ...records, soa];
}

/** Serial numbers go round (RFC 1982 §3.2). */
function isNewer(serial: number, than: number): boolean {
  const distance = (serial - than) >>> 0;
  return distance !== 0 && distance < 0x8000_0000;
}
