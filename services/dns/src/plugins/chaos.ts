import { hostname } from "node:os";
import { CLASS_CODES } from "@kubehop/dns-wire";
import { onlyDirective, refuseBlock } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import { createReply } from "../reply.ts";

const NAME = "chaos";
const CLASS_CH = CLASS_CODES["CH"];
const DEFAULT_VERSION = "CoreDNS-1.14.7-kubehop";
const DEFAULT_AUTHORS = ["kubehop"];

/** Says of itself what BIND does: TXT records of class CH (RFC 4892). */
export const chaos: Plugin = {
  name: NAME,
  setup(directives) {
    const directive = onlyDirective(directives);
    refuseBlock(directive);
    const [version = DEFAULT_VERSION, ...authors] = directive.args.map(({ text }) => text);
    const host = [hostname()];
    const texts: ReadonlyMap<string, readonly string[]> = new Map([
      ["authors.bind.", authors.length > 0 ? authors : DEFAULT_AUTHORS],
      ["version.bind.", [version]],
      ["version.server.", [version]],
      ["hostname.bind.", host],
      ["id.server.", host],
    ]);
    return {
      anyClass: true,
      allowsReuse: true,
      link: (next) => (query) => {
        const { name, type, class: cls } = query.question;
        const found = cls === CLASS_CH && type === "TXT" ? texts.get(query.name) : undefined;
        if (found === undefined) return next(query);
        const head = { name, class: cls, ttl: 0 };
        const answers = found.map((text) => ({ ...head, type: "TXT" as const, strings: [text] }));
        return createReply(NAME, { flags: 0, answers });
      },
    };
  },
};
