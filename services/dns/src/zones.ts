/** Names of zones: lower case, with their final dot. */
export type Zones = readonly string[];

const BACKSLASH = 0x5c;

/** Whether a name (lower case) is the zone's apex or below it, by whole labels. */
export function isInZone(name: string, zone: string): boolean {
  if (zone === ".") return true;
  if (!name.endsWith(zone)) return false;
  const before = name.length - zone.length - 1;
  if (before < 0) return before === -1;
  return name.charCodeAt(before) === 0x2e && !isEscaped(name, before);
}

/** The longest of the zones that holds the name, undefined when none does. */
export function matchZone(zones: Zones, name: string): string | undefined {
  let best: string | undefined;
  for (const zone of zones) {
    if (isInZone(name, zone) && (best === undefined || zone.length > best.length)) best = zone;
  }
  return best;
}

/** The name's parent: behind its first dot that is not escaped; "." above a single label. */
export function parentName(name: string): string | undefined {
  if (name === ".") return undefined;
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
    if (isEscaped(name, dot)) continue;
    return dot === name.length - 1 ? "." : name.slice(dot + 1);
  }
  return ".";
}

function isEscaped(name: string, index: number): boolean {
  let slashes = 0;
  while (name.charCodeAt(index - 1 - slashes) === BACKSLASH) slashes++;
  return slashes % 2 === 1;
}

/** For which names a plugin that knows nothing asks the next one. */
export interface Fallthrough {
  through(name: string): boolean;
}

/** `fallthrough` without zones is for every name; absent it is for none. */
export function createFallthrough(zones: Zones | undefined): Fallthrough {
  if (zones === undefined) return { through: () => false };
  if (zones.length === 0) return { through: () => true };
  return { through: (name) => matchZone(zones, name) !== undefined };
}
