import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { isAbsolute, join } from "node:path";
import { CorefileError } from "../../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  parseNumber,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import { parseDurationArgument } from "../../corefile/duration.ts";
import type { Token } from "../../corefile/lexer.ts";
import { parseZones } from "../../corefile/server-key.ts";
import type { Endpoint } from "../../query.ts";
import type { Zones } from "../../zones.ts";

/** In which order upstreams are tried. */
export type Policy = "random" | "round_robin" | "sequential";

/** What a `forward` directive says. */
export interface ForwardOptions {
  readonly from: Zones;
  readonly except: Zones;
  readonly upstreams: readonly Endpoint[];
  readonly policy: Policy;
  readonly forceTcp: boolean;
  /** Ask over UDP first, and over TCP when the answer was cut off. */
  readonly preferUdp: boolean;
  /** How long an unused socket is kept. */
  readonly expireMs: number;
  readonly readTimeoutMs: number;
  /** Failed health checks before an upstream counts as down; 0 switches checks off. */
  readonly maxFails: number;
  readonly healthCheckMs: number;
  readonly healthCheckDomain: string;
  readonly healthCheckRecursion: boolean;
  /** 0 is no limit. */
  readonly maxConcurrent: number;
  /** Answer SERVFAIL at once when every upstream is down, instead of trying one. */
  readonly failFast: boolean;
}

type Draft = { -readonly [K in keyof ForwardOptions]: ForwardOptions[K] };

const MAX_UPSTREAMS = 15;
const DNS_PORT = 53;

/** Reads a `forward` directive; TO may be a resolv.conf. Throws CorefileError. */
export function readForwardOptions(directive: Directive, folder: string): ForwardOptions {
  const syntax = "forward FROM TO…";
  takeArguments(directive, { min: 2, max: 1 + MAX_UPSTREAMS, syntax });
  const [from, ...to] = directive.args as [Token, ...Token[]];
  const upstreams = to.flatMap((token) => parseUpstreams(token, folder));
  if (upstreams.length === 0 || upstreams.length > MAX_UPSTREAMS) {
    const text = `forward: ${upstreams.length} upstreams; expected 1 to ${MAX_UPSTREAMS}`;
    throw new CorefileError(directive.position, text);
  }
  const options: Draft = {
    from: parseZones(from),
    except: [],
    upstreams,
    policy: "random",
    forceTcp: false,
    preferUdp: false,
    expireMs: 10_000,
    readTimeoutMs: 2_000,
    maxFails: 2,
    healthCheckMs: 500,
    healthCheckDomain: ".",
    healthCheckRecursion: true,
    maxConcurrent: 0,
    failFast: false,
  };
  readProperties(directive, { ...transportProperties(options), ...choiceProperties(options) });
  return options;
}

type Readers = Record<string, (property: Directive) => void>;

function transportProperties(options: Draft): Readers {
  const duration = (property: Directive): number => {
    const syntax = `${property.name} DURATION`;
    const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax });
    return parseDurationArgument(property, text);
  };
  const flag = (property: Directive): true => {
    takeArguments(property, { min: 0, max: 0, syntax: property.name });
    return true;
  };
  return {
    force_tcp(property) {
      options.forceTcp = flag(property);
    },
    prefer_udp(property) {
      options.preferUdp = flag(property);
    },
    failfast_all_unhealthy_upstreams(property) {
      options.failFast = flag(property);
    },
    expire(property) {
      options.expireMs = duration(property);
    },
    read_timeout(property) {
      options.readTimeoutMs = duration(property);
    },
  };
}

function choiceProperties(options: Draft): Readers {
  return {
    except(property) {
      takeArguments(property, { min: 1, max: 1_000, syntax: "except NAME…" });
      options.except = property.args.flatMap((token) => parseZones(token));
    },
    policy(property) {
      const syntax = "policy random|round_robin|sequential";
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax });
      options.policy = parsePolicy(property, text);
    },
    max_fails(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "max_fails N" });
      options.maxFails = parseNumber(property, text, { min: 0, max: 1_000_000 });
    },
    max_concurrent(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "max_concurrent N" });
      options.maxConcurrent = parseNumber(property, text, { min: 0, max: 10_000_000 });
    },
    health_check: (property) => readHealthCheck(property, options),
  };
}

function readHealthCheck(property: Directive, options: Draft): void {
  const syntax = "health_check DURATION [no_rec] [domain FQDN]";
  const [duration = "", ...rest] = takeArguments(property, { min: 1, max: 4, syntax });
  options.healthCheckMs = parseDurationArgument(property, duration);
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? "";
    const domain = rest[index + 1];
    if (word === "no_rec") options.healthCheckRecursion = false;
    else if (word === "domain" && domain !== undefined) {
      options.healthCheckDomain = domain.endsWith(".") ? domain : `${domain}.`;
      index++;
    } else throw invalidArgument(property, word, `part of: ${syntax}`);
  }
}

function parsePolicy(property: Directive, text: string): Policy {
  if (text === "random" || text === "round_robin" || text === "sequential") return text;
  throw invalidArgument(property, text, "random, round_robin or sequential");
}

function parseUpstreams(token: Token, folder: string): Endpoint[] {
  const { text } = token;
  const address = parseAddress(text);
  if (address !== undefined) return [address];
  if (/^[a-z]+:\/\//.test(text) && !text.startsWith("dns://")) {
    throw new CorefileError(token, `"${text}": only plain DNS upstreams are supported`);
  }
  const path = isAbsolute(text) ? text : join(folder, text);
  try {
    return nameservers(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const expected = "expected IP[:PORT] or a file like /etc/resolv.conf";
    throw new CorefileError(token, `"${text}" is no upstream; ${expected} (${reason})`);
  }
}

/** The `nameserver` lines of a resolv.conf; a zone index (`%eth0`) stays part of the address. */
function nameservers(text: string): Endpoint[] {
  return text
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((ip) => ip !== undefined && isIP(ip.replace(/%.*/, "")) !== 0)
    .map((ip) => ({ ip: ip as string, port: DNS_PORT }));
}

function parseAddress(text: string): Endpoint | undefined {
  const bare = text.replace(/^dns:\/\//, "");
  if (isIP(bare) !== 0) return { ip: bare, port: DNS_PORT };
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(bare);
  const ip = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3] ?? DNS_PORT);
  return isIP(ip) === 0 || port > 65_535 || port === 0 ? undefined : { ip, port };
}
