import { ConfigError } from "./config.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads a duration as Go writes it ("40s", "1m30s", "250ms", "0") and gives milliseconds.
 * Throws ConfigError on anything else (source: Go's time.ParseDuration).
 */
export function parseDuration(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) {
    throw new ConfigError(`"${text}" is not a duration; write it as 30s, 1m30s or 250ms.`);
  }
  let total = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(number) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
  }
  return match[1] === "-" ? -total : total;
}
