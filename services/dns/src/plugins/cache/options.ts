import {
  type Directive,
  invalidArgument,
  parseNumber,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import { parseDurationArgument } from "../../corefile/duration.ts";
import { parseZones } from "../../corefile/server-key.ts";
import type { Zones } from "../../zones.ts";

/** The limits of one half of the cache: positive answers or denials. TTLs in seconds. */
export interface CacheLimits {
  readonly capacity: number;
  readonly maxTtl: number;
  readonly minTtl: number;
  /** Zones whose answers of this half are not kept; undefined: none, empty: all. */
  readonly except: Zones | undefined;
}

/** When an entry that is asked for often is fetched again before it ends. */
export interface Prefetch {
  /** Hits that make it worthwhile; 0 switches it off. */
  readonly amount: number;
  /** Hits further apart than this do not count together. */
  readonly durationMs: number;
  /** Part of the TTL, 1..100, that is left when it is fetched. */
  readonly percentage: number;
}

/** What a `cache` directive says. */
export interface CacheOptions {
  readonly zones: Zones;
  readonly success: CacheLimits;
  readonly denial: CacheLimits;
  readonly prefetch: Prefetch;
  /** How long after its end an entry may still be served; 0 switches it off. */
  readonly staleMs: number;
  /** Ask first, and serve the old entry only when that fails. */
  readonly verifyStale: boolean;
  /** How long a client waits for that; 0 for as long as it takes. */
  readonly verifyMs: number;
  /** Seconds, the TTL of entries served past their end. */
  readonly staleTtl: number;
  /** Seconds a failure is kept. */
  readonly servfailTtl: number;
  readonly keepTtl: boolean;
}

type Draft = { -readonly [K in keyof CacheOptions]: CacheOptions[K] };

const CAPACITY = 10_000;
const SUCCESS_TTL = 3_600;
const DENIAL_TTL = 1_800;
const MIN_TTL = 5;
const MAX_TTL = 0x7fff_ffff;
const MAX_SERVFAIL_MS = 300_000;
const DEFAULT_STALE_MS = 3_600_000;
/** Tells a duration from a plain number of seconds. */
const DURATION = /^\d.*[a-z]$/;

/** Reads `cache [TTL] [ZONES…] { … }`. Throws CorefileError for what it does not understand. */
export function readCacheOptions(directive: Directive, blockZones: Zones): CacheOptions {
  const [first, ...others] = directive.args;
  const hasTtl = first !== undefined && /^\d+$/.test(first.text);
  const ttl = hasTtl ? parseNumber(directive, first.text, { min: 1, max: MAX_TTL }) : undefined;
  const zones = (hasTtl ? others : directive.args).flatMap((token) => parseZones(token));
  const limits = { capacity: CAPACITY, minTtl: MIN_TTL, except: undefined };
  const options: Draft = {
    zones: zones.length > 0 ? zones : blockZones,
    success: { ...limits, maxTtl: ttl ?? SUCCESS_TTL },
    denial: { ...limits, maxTtl: ttl ?? DENIAL_TTL },
    prefetch: { amount: 0, durationMs: 60_000, percentage: 10 },
    staleMs: 0,
    verifyStale: false,
    verifyMs: 0,
    staleTtl: 0,
    servfailTtl: MIN_TTL,
    keepTtl: false,
  };
  readProperties(directive, propertiesOf(options));
  return options;
}

function propertiesOf(options: Draft): Record<string, (property: Directive) => void> {
  return {
    success(property) {
      options.success = readLimits(property, options.success);
    },
    denial(property) {
      options.denial = readLimits(property, options.denial);
    },
    prefetch(property) {
      options.prefetch = readPrefetch(property);
    },
    serve_stale: (property) => readStale(property, options),
    servfail(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "servfail DURATION" });
      const ms = parseDurationArgument(property, text);
      if (ms > MAX_SERVFAIL_MS) throw invalidArgument(property, text, "at most 5m");
      options.servfailTtl = Math.floor(ms / 1000);
    },
    disable: (property) => readDisable(property, options),
    keepttl(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "keepttl" });
      options.keepTtl = true;
    },
  };
}

function readLimits(property: Directive, limits: CacheLimits): CacheLimits {
  const syntax = `${property.name} CAPACITY [TTL] [MINTTL]`;
  const numbers = takeArguments(property, { min: 1, max: 3, syntax }).map((text) =>
    parseNumber(property, text, { min: 0, max: MAX_TTL }),
  );
  const [capacity = limits.capacity, maxTtl = limits.maxTtl, minTtl = limits.minTtl] = numbers;
  return { ...limits, capacity, maxTtl, minTtl };
}

function readPrefetch(property: Directive): Prefetch {
  const syntax = "prefetch AMOUNT [DURATION [PERCENTAGE%]]";
  const args = takeArguments(property, { min: 1, max: 3, syntax });
  const [amount = "0", duration = "1m", percentage = "10%"] = args;
  if (!percentage.endsWith("%")) throw invalidArgument(property, percentage, "a percentage");
  return {
    amount: parseNumber(property, amount, { min: 0, max: MAX_TTL }),
    durationMs: parseDurationArgument(property, duration),
    percentage: parseNumber(property, percentage.slice(0, -1), { min: 10, max: 90 }),
  };
}

/** `serve_stale [DURATION] [immediate|verify [TIMEOUT]] [RESP_TTL]`, the last a plain number. */
function readStale(property: Directive, options: Draft): void {
  const syntax = "serve_stale [DURATION] [immediate|verify [TIMEOUT]] [RESP_TTL]";
  const words = takeArguments(property, { min: 0, max: 4, syntax });
  const take = (pattern: RegExp): string | undefined =>
    pattern.test(words[0] ?? "") ? words.shift() : undefined;
  const duration = take(DURATION);
  const verify = take(/^(?:immediate|verify)$/) === "verify";
  const timeout = verify ? take(DURATION) : undefined;
  const ttl = take(/^\d+$/);
  const [extra] = words;
  if (extra !== undefined) throw invalidArgument(property, extra, `part of: ${syntax}`);
  const toMs = (text: string): number => parseDurationArgument(property, text);
  options.staleMs = duration === undefined ? DEFAULT_STALE_MS : toMs(duration);
  options.verifyStale = verify;
  options.verifyMs = timeout === undefined ? 0 : toMs(timeout);
  options.staleTtl = ttl === undefined ? 0 : parseNumber(property, ttl, { min: 0, max: MAX_TTL });
}

function readDisable(property: Directive, options: Draft): void {
  takeArguments(property, { min: 1, max: 1_000, syntax: "disable success|denial [ZONES…]" });
  const [half, ...zones] = property.args;
  const except = zones.flatMap((token) => parseZones(token));
  if (half?.text === "success") options.success = { ...options.success, except };
  else if (half?.text === "denial") options.denial = { ...options.denial, except };
  else throw invalidArgument(property, half?.text ?? "", "success or denial");
}
