import { Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import type { Handler } from "../../chain.ts";
import { type MaybePromise, mapReply } from "../../chain.ts";
import {
  type Directive,
  invalidArgument,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import type { Plugin } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import { type Nat64Prefix, parseNat64Prefix } from "./prefix.ts";

const NAME = "dns64";
const WELL_KNOWN_PREFIX = "64:ff9b::/96";
/** TTL limit when the negative answer has no SOA (RFC 6147 §5.1.7). */
const MAX_TTL = 600;

interface Dns64Options {
  prefix: Nat64Prefix;
  /** Make addresses up even where there are real ones. */
  translateAll: boolean;
  /** Also for clients that come over IPv4. */
  allowIpv4: boolean;
}

/** Gives IPv6-only clients AAAA records made from A records (RFC 6147). */
export const dns64: Plugin = {
  name: NAME,
  setup(directives, { metrics }) {
    const options = readOptions(onlyDirective(directives));
    return {
      link: (next) => (query) => {
        if (!isWanted(query, options)) return next(query);
        return mapReply(next, query, (reply) => {
          if (!options.translateAll && !needsTranslation(reply)) return reply;
          metrics.plugins.dns64Translated(query.server).inc();
          return translate(query, reply, { next, prefix: options.prefix });
        });
      },
    };
  },
};

function isWanted({ question, client }: Query, { allowIpv4 }: Dns64Options): boolean {
  return question.type === "AAAA" && (allowIpv4 || client.ip.includes(":"));
}

/** Not for names that do not exist, and not where AAAA records are (RFC 6147 §5.1). */
function needsTranslation({ rcode, answers }: Reply): boolean {
  if (rcode === Rcode.NXDOMAIN) return false;
  return !answers.some(({ type }) => type === "AAAA");
}

function translate(
  query: Query,
  original: Reply,
  { next, prefix }: { next: Handler; prefix: Nat64Prefix },
): MaybePromise<Reply> {
  const asked = { ...query, question: { ...query.question, type: "A" }, observers: [] };
  const soa = original.authorities.find((record) => record.type === "SOA");
  const maxTtl = soa?.ttl ?? MAX_TTL;
  return mapReply(next, asked, (reply): Reply => {
    if (reply.rcode !== Rcode.NOERROR || !reply.answers.some(({ type }) => type === "A")) {
      return original;
    }
    const answers = reply.answers.map((record): ResourceRecord => {
      if (record.type !== "A") return record;
      const address = prefix.embed(record.address);
      return { ...record, type: "AAAA", address, ttl: Math.min(record.ttl, maxTtl) };
    });
    return { ...reply, answers };
  });
}

/** `dns64 [PREFIX] { prefix PREFIX; translate_all; allow_ipv4 }`. */
function readOptions(directive: Directive): Dns64Options {
  const [text = WELL_KNOWN_PREFIX] = takeArguments(directive, {
    min: 0,
    max: 1,
    syntax: "dns64 [PREFIX]",
  });
  const options: Dns64Options = {
    prefix: readPrefix(directive, text),
    translateAll: false,
    allowIpv4: false,
  };
  readProperties(directive, {
    prefix(property) {
      const range = { min: 1, max: 1, syntax: "prefix PREFIX" };
      options.prefix = readPrefix(property, takeArguments(property, range)[0] ?? "");
    },
    translate_all(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "translate_all" });
      options.translateAll = true;
    },
    allow_ipv4(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "allow_ipv4" });
      options.allowIpv4 = true;
    },
  });
  return options;
}

function readPrefix(directive: Directive, text: string): Nat64Prefix {
  const prefix = parseNat64Prefix(text);
  if (prefix !== undefined) return prefix;
  throw invalidArgument(directive, text, "an IPv6 prefix of 32, 40, 48, 56, 64 or 96 bits");
}
