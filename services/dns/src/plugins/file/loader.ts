import { readFileSync, statSync } from "node:fs";
import type { Logger } from "@kubehop/kit";
import { parseZoneFile } from "../../zone-text/zone-file.ts";
import type { FileOptions } from "./options.ts";
import { createZone, type Zone } from "./zone.ts";

/** The zones of one file, read again when it changes. */
export interface LoadedZones {
  /** The zone as read last; undefined while the file could never be read. */
  zone(origin: string): Zone | undefined;
  /** Reads the file for the first time. Throws ZoneError, or the error of reading. */
  load(): void;
  /** Looks whether the file changed; tells of zones with a new serial. Never throws. */
  refresh(): void;
}

/** What the loader tells. */
export interface LoaderEvents {
  readonly logger: Logger;
  onChange(origin: string): void;
}

/** Creates a loader; it reads nothing before `load`. */
export function createLoader(
  options: FileOptions,
  { logger, onChange }: LoaderEvents,
): LoadedZones {
  const { file } = options;
  let zones = new Map<string, Zone>();
  let version = "";
  const read = (): Map<string, Zone> => {
    const text = readFileSync(file, "utf8");
    const source = { file, text, read: (path: string) => readFileSync(path, "utf8") };
    const load = (origin: string): Zone => createZone(origin, parseZoneFile({ ...source, origin }));
    return new Map(options.zones.map((origin) => [origin, load(origin)]));
  };
  const take = (next: Map<string, Zone>): void => {
    const previous = zones;
    zones = next;
    for (const [zone, { soa }] of next) {
      if (previous.get(zone)?.soa.serial === soa.serial) continue;
      logger.info({ plugin: "file", zone, serial: soa.serial }, "zone read again");
      onChange(zone);
    }
  };
  return {
    zone: (origin) => zones.get(origin),
    load() {
      version = versionOf(file);
      zones = read();
    },
    refresh() {
      try {
        const current = versionOf(file);
        if (current === version) return;
        version = current;
        const next = read();
        if (options.reloadByMtime || hasNewSerial(zones, next)) take(next);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn(
          { plugin: "file", file, reason },
          "zone file cannot be used; the old one stays",
        );
      }
    },
  };
}

function versionOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file);
  return `${mtimeMs} ${size} ${ino}`;
}

/** Without a new serial secondaries would never see the change; so nobody does (CoreDNS). */
function hasNewSerial(
  before: ReadonlyMap<string, Zone>,
  after: ReadonlyMap<string, Zone>,
): boolean {
  return [...after].some(([origin, { soa }]) => before.get(origin)?.soa.serial !== soa.serial);
}
