import { hostname } from "node:os";
import { EdnsOptionCode } from "@kubehop/dns-wire";
import { mapReply } from "../chain.ts";
import { onlyDirective, refuseBlock } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import { echoedOptions } from "../query.ts";
import type { Reply } from "../reply.ts";

const { NSID } = EdnsOptionCode;

/** Tells clients that ask for it which server answers (RFC 5001). */
export const nsid: Plugin = {
  name: "nsid",
  setup(directives) {
    const directive = onlyDirective(directives);
    refuseBlock(directive);
    const text = directive.args.map((token) => token.text).join(" ");
    const own = { code: NSID, data: Buffer.from(text === "" ? hostname() : text, "utf8") };
    return {
      allowsReuse: true,
      link: (next) => (query) => {
        if (query.edns?.options.some(({ code }) => code === NSID) !== true) return next(query);
        return mapReply(next, query, (reply): Reply => {
          const others = (reply.options ?? echoedOptions(query)).filter(
            ({ code }) => code !== NSID,
          );
          return { ...reply, options: [...others, own] };
        });
      },
    };
  },
};
