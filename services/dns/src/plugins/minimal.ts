import { Rcode } from "@kubehop/dns-wire";
import { mapReply } from "../chain.ts";
import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import type { Reply } from "../reply.ts";

/** Leaves the authority and additional sections out of positive answers. */
export const minimal: Plugin = {
  name: "minimal",
  setup(directives) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "minimal" });
    refuseBlock(directive);
    return {
      allowsReuse: true,
      link: (next) => (query) => mapReply(next, query, minimise),
    };
  },
};

/** Denials, errors and delegations need what those sections say. */
function minimise(reply: Reply): Reply {
  if (reply.rcode !== Rcode.NOERROR) return reply;
  if (reply.answers.length === 0 && reply.authorities.length > 0) return reply;
  return { ...reply, authorities: [], additionals: [] };
}
