import { isAbsolute, join } from "node:path";
import { type Directive, readProperties, takeArguments } from "../../corefile/directive.ts";
import { parseDurationArgument } from "../../corefile/duration.ts";
import { parseZones } from "../../corefile/server-key.ts";
import type { SetupContext } from "../../plugin.ts";
import { createFallthrough, type Fallthrough, type Zones } from "../../zones.ts";

/** What a `file` directive says. */
export interface FileOptions {
  readonly file: string;
  readonly zones: Zones;
  /** How often the file is looked at; 0 for never. */
  readonly reloadMs: number;
  /** Take a changed file over whatever its serial says. */
  readonly reloadByMtime: boolean;
  readonly fallthrough: Fallthrough;
  readonly directive: Directive;
}

const DEFAULT_RELOAD_MS = 60_000;

/** Reads `file DBFILE [ZONES…] { … }`. Throws CorefileError for what it does not understand. */
export function readFileOptions(
  directive: Directive,
  { folder, zones: blockZones }: SetupContext,
): FileOptions {
  takeArguments(directive, { min: 1, max: 1_000, syntax: "file DBFILE [ZONES…]" });
  const [file, ...zones] = directive.args;
  const own = zones.flatMap((token) => parseZones(token));
  const options = { reloadMs: DEFAULT_RELOAD_MS, reloadByMtime: false };
  let through: Zones | undefined;
  readProperties(directive, {
    reload(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "reload DURATION" });
      options.reloadMs = parseDurationArgument(property, text, { plainSeconds: true });
    },
    reload_by_mtime(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "reload_by_mtime" });
      options.reloadByMtime = true;
    },
    fallthrough(property) {
      through = property.args.flatMap((token) => parseZones(token));
    },
  });
  const path = file?.text ?? "";
  return {
    ...options,
    file: isAbsolute(path) ? path : join(folder, path),
    zones: own.length > 0 ? own : blockZones,
    fallthrough: createFallthrough(through),
    directive,
  };
}
