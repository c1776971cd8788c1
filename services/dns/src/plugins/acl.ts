import { Rcode, typeCode } from "@kubehop/dns-wire";
import ipaddr from "ipaddr.js";
import { type Directive, invalidArgument, readProperties } from "../corefile/directive.ts";
import { parseZones } from "../corefile/server-key.ts";
import type { Plugin } from "../plugin.ts";
import type { Query } from "../query.ts";
import { createDrop, createReply, type Reply } from "../reply.ts";
import { matchZone, type Zones } from "../zones.ts";
import { createExtendedError, ExtendedError } from "./extended-error.ts";
import { createNetworks, type Networks } from "./networks.ts";

const NAME = "acl";
const ACTIONS = ["allow", "block", "filter", "drop"] as const;
type Action = (typeof ACTIONS)[number];

/** One line: what to do with queries of these types from these networks. */
interface Policy {
  readonly action: Action;
  /** Undefined for every type. */
  readonly types: ReadonlySet<string> | undefined;
  readonly networks: Networks;
}

interface Rule {
  readonly zones: Zones;
  readonly policies: readonly Policy[];
}

/** Lets queries through or not, by who asks for what. It may stand several times in a block. */
export const acl: Plugin = {
  name: NAME,
  setup(directives, context) {
    const rules = directives.map((directive) => readRule(directive, context.zones));
    const { blocked, filtered, dropped, allowed } = context.metrics.plugins.acl;
    const counters = { block: blocked, filter: filtered, drop: dropped };
    return {
      link: (next) => (query) => {
        const action = decide(rules, query);
        if (action === "allow") {
          allowed(query.server, query.view).inc();
          return next(query);
        }
        counters[action](query.server, query.zone, query.view).inc();
        if (action === "drop") return createDrop(NAME);
        return action === "block"
          ? refuse(query, Rcode.REFUSED, ExtendedError.Blocked)
          : refuse(query, Rcode.NOERROR, ExtendedError.Filtered);
      },
    };
  },
};

/** In each rule the first policy that fits counts; the first that does not allow decides. */
function decide(rules: readonly Rule[], query: Query): Action {
  for (const { zones, policies } of rules) {
    if (matchZone(zones, query.name) === undefined) continue;
    const policy = policies.find(
      ({ types, networks }) =>
        (types?.has(query.question.type) ?? true) && networks.contains(query.client.ip),
    );
    if (policy !== undefined && policy.action !== "allow") return policy.action;
  }
  return "allow";
}

function refuse(query: Query, rcode: number, code: number): Reply {
  const reply = createReply(NAME, { rcode, flags: 0 });
  return query.edns === undefined ? reply : { ...reply, options: [createExtendedError(code)] };
}

function readRule(directive: Directive, blockZones: Zones): Rule {
  const own = directive.args.flatMap((token) => parseZones(token));
  const policies: Policy[] = [];
  const read = (property: Directive): void => {
    policies.push(readPolicy(property));
  };
  readProperties(directive, Object.fromEntries(ACTIONS.map((action) => [action, read])));
  return { zones: own.length > 0 ? own : blockZones, policies };
}

/** `ACTION [type QTYPE…] [net SOURCE…]`; what is left out is everything. */
function readPolicy(property: Directive): Policy {
  const sections: Record<"type" | "net", string[]> = { type: [], net: [] };
  let section: "type" | "net" | undefined;
  for (const { text } of property.args) {
    if (text === "type" || text === "net") section = text;
    else if (section === undefined) throw invalidArgument(property, text, "type or net");
    else sections[section].push(text);
  }
  return {
    action: property.name as Action,
    types: readTypes(property, sections.type),
    networks: readNetworks(property, sections.net),
  };
}

function readTypes(property: Directive, texts: readonly string[]): Policy["types"] {
  if (texts.length === 0 || texts.includes("*")) return undefined;
  const types = texts.map((text) => {
    const type = text.toUpperCase();
    if (typeCode(type) === undefined) throw invalidArgument(property, text, "a type like AAAA");
    return type;
  });
  return new Set(types);
}

function readNetworks(property: Directive, texts: readonly string[]): Networks {
  const cidrs = texts.includes("*") ? [] : texts;
  for (const text of cidrs) {
    if (ipaddr.isValid(text) || ipaddr.isValidCIDR(text)) continue;
    throw invalidArgument(property, text, "an address, a CIDR or *");
  }
  return createNetworks(cidrs.length > 0 ? cidrs : ["0.0.0.0/0", "::/0"]);
}
