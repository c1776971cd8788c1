import { isIP } from "node:net";
import type { SecureContextOptions } from "node:tls";
import { Rcode } from "@kubehop/dns-wire";
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
import type { Zones } from "../../zones.ts";
import { readTlsFiles } from "./tls-files.ts";
import { parseResolver } from "./resolver.ts";
import { parseUpstreams, type UpstreamTarget } from "./upstream-address.ts";

/** In which order upstreams are tried. */
export type Policy = "random" | "round_robin" | "sequential";

/** What a `forward` directive says. */
export interface ForwardOptions {
  readonly from: Zones;
  readonly except: Zones;
  /** Hosts among them are looked up at the start. */
  readonly upstreams: readonly UpstreamTarget[];
  /** Servers to look hosts up with, `ip:port`; none: the system's way. */
  readonly resolvers: readonly string[];
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
  /** Sockets without a query that are kept for each upstream and protocol. */
  readonly maxIdle: number;
  /** How often upstreams are asked for one query; undefined: twice each. */
  readonly maxAttempts: number | undefined;
  readonly sourceAddress: string | undefined;
  readonly tls: SecureContextOptions;
  readonly tlsServerName: string | undefined;
  /** Response codes with which the next `forward` of the block is asked. */
  readonly next: ReadonlySet<number>;
  /** The same for an answer without records. */
  readonly nextOnNodata: boolean;
  /** Response codes with which another upstream is asked. */
  readonly failover: ReadonlySet<number>;
  /** Answer SERVFAIL at once when every upstream is down, instead of trying one. */
  readonly failFast: boolean;
}

type Draft = { -readonly [K in keyof ForwardOptions]: ForwardOptions[K] };

/** Upstreams of one directive (CoreDNS). */
export const MAX_UPSTREAMS = 15;

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
    resolvers: [],
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
    maxIdle: Number.POSITIVE_INFINITY,
    maxAttempts: undefined,
    sourceAddress: undefined,
    tls: {},
    tlsServerName: undefined,
    next: new Set(),
    nextOnNodata: false,
    failover: new Set(),
    failFast: false,
  };
  readProperties(directive, {
    ...transportProperties(options),
    ...choiceProperties(options),
    ...tlsProperties(options, folder),
    ...answerProperties(options),
  });
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

function tlsProperties(options: Draft, folder: string): Readers {
  return {
    tls(property) {
      options.tls = readTlsFiles(property, folder);
    },
    tls_servername(property) {
      const [name] = takeArguments(property, { min: 1, max: 1, syntax: "tls_servername NAME" });
      options.tlsServerName = name;
    },
    source_address(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "source_address IP" });
      if (isIP(text) === 0) throw invalidArgument(property, text, "an IP address");
      options.sourceAddress = text;
    },
    resolver(property) {
      const syntax = "resolver IP[:PORT]…";
      const servers = takeArguments(property, { min: 1, max: MAX_UPSTREAMS, syntax });
      options.resolvers = servers.map((text) => parseResolver(property, text));
    },
    max_idle_conns(property) {
      const most = readCount(property);
      options.maxIdle = most === 0 ? Number.POSITIVE_INFINITY : most;
    },
    max_connect_attempts(property) {
      const most = readCount(property);
      options.maxAttempts = most === 0 ? undefined : most;
    },
  };
}

function readCount(property: Directive): number {
  const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: `${property.name} N` });
  return parseNumber(property, text, { min: 0, max: 1_000_000 });
}

/** What is done with answers that are no success. */
function answerProperties(options: Draft): Readers {
  return {
    next(property) {
      options.next = readRcodes(property);
    },
    next_on_nodata(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "next_on_nodata" });
      options.nextOnNodata = true;
    },
    failover(property) {
      options.failover = readRcodes(property);
    },
  };
}

function readRcodes(property: Directive): ReadonlySet<number> {
  const range = { min: 1, max: 20, syntax: `${property.name} RCODE…` };
  const codes = takeArguments(property, range).map((text) => {
    const code = (Rcode as Readonly<Record<string, number>>)[text.toUpperCase()];
    if (code === undefined || code === Rcode.NOERROR) {
      throw invalidArgument(property, text, "a response code like NXDOMAIN or SERVFAIL");
    }
    return code;
  });
  return new Set(codes);
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
