import { Flag } from "@kubehop/dns-wire";
import { mapReply } from "../chain.ts";
import {
  type Directive,
  invalidArgument,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import type { Reply } from "../reply.ts";

/** Bits to set and to clear. */
interface Bits {
  set: number;
  cleared: number;
}

const FLAGS: Readonly<Record<string, number>> = { aa: Flag.AA, ra: Flag.RA, rd: Flag.RD };

/** Sets or clears flags of the header of queries, for the plugins behind it, or of answers. */
export const header: Plugin = {
  name: "header",
  setup(directives) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "header { … }" });
    const query: Bits = { set: 0, cleared: 0 };
    const response: Bits = { set: 0, cleared: 0 };
    const read = (property: Directive): void => {
      const words = [property.name, ...property.args.map(({ text }) => text)];
      const [first = "", ...rest] = words;
      const selected = first === "query" || first === "response" ? first : undefined;
      const [action = "", ...flags] = selected === undefined ? words : rest;
      readRule(property, { bits: selected === "query" ? query : response, action, flags });
    };
    readProperties(directive, { query: read, response: read, set: read, clear: read });
    const change = (reply: Reply): Reply => ({
      ...reply,
      flags: (reply.flags | response.set) & ~response.cleared,
      cleared: (reply.cleared ?? 0) | response.cleared,
    });
    return {
      allowsReuse: true,
      link: (next) => (asked) => {
        const flags = (asked.flags | query.set) & ~query.cleared;
        return mapReply(next, flags === asked.flags ? asked : { ...asked, flags }, change);
      },
    };
  },
};

function readRule(
  property: Directive,
  { bits, action, flags }: { bits: Bits; action: string; flags: readonly string[] },
): void {
  if (action !== "set" && action !== "clear") {
    throw invalidArgument(property, action, "an action: [query|response] set|clear FLAG…");
  }
  if (flags.length === 0) throw invalidArgument(property, action, "followed by aa, ra or rd");
  for (const flag of flags) {
    const bit = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
    if (bit === undefined) throw invalidArgument(property, flag, "one of the flags aa, ra and rd");
    if (action === "set") bits.set |= bit;
    else bits.cleared |= bit;
  }
}
