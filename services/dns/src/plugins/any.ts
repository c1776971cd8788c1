import { CLASS_IN } from "@kubehop/dns-wire";
import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import { createReply } from "../reply.ts";

const NAME = "any";
const TTL = 8_482;

/** Answers ANY with one HINFO record instead of all there are (RFC 8482 §4.2). */
export const any: Plugin = {
  name: NAME,
  setup(directives) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "any" });
    refuseBlock(directive);
    return {
      allowsReuse: true,
      link: (next) => (query) => {
        const { name, type } = query.question;
        if (type !== "ANY") return next(query);
        const hinfo = { type: "HINFO", cpu: "ANY obsoleted", os: "See RFC 8482" } as const;
        const answers = [{ name, class: CLASS_IN, ttl: TTL, ...hinfo }];
        return createReply(NAME, { flags: 0, answers });
      },
    };
  },
};
