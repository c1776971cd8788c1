import { Rcode } from "@kubehop/dns-wire";
import type { Handler } from "./chain.ts";
import type { Query } from "./query.ts";
import { createErrorReply } from "./reply.ts";
import { parentName } from "./zones.ts";

/** A server block as one listener sees it. */
export interface ServedZone {
  readonly zone: string;
  /** Undefined for a block without plugins, which refuses. */
  readonly handler: Handler | undefined;
  /** Whether classes other than IN may come in (CoreDNS: blocks with `forward` or `chaos`). */
  readonly anyClass: boolean;
}

/** The server blocks of one listener. */
export interface ServerTable {
  /** The listener's name in metrics and logs: `dns://:53`. */
  readonly server: string;
  readonly zones: readonly string[];
  /** Whether some block takes classes other than IN. */
  readonly anyClass: boolean;
  /** The block that answers for a name (lower case), by the longest zone. */
  find(name: string, type: string): ServedZone | undefined;
  /** Answers from the block that is found; REFUSED when there is none. */
  dispatch: Handler;
}

/** Creates a listener's table. The zones are different from each other. */
export function createServerTable(server: string, served: readonly ServedZone[]): ServerTable {
  const blocks = new Map(served.map((block) => [block.zone, block]));
  const find = (name: string, type: string): ServedZone | undefined => {
    let parentOfDs: ServedZone | undefined;
    for (let at: string | undefined = name; at !== undefined; at = parentName(at)) {
      const block = blocks.get(at);
      if (block === undefined) continue;
      // DS belongs to the parent zone (RFC 4035 §3.1.4.1), if that is served here too.
      if (type !== "DS" || parentOfDs !== undefined) return block;
      parentOfDs = block;
    }
    return parentOfDs;
  };
  return {
    server,
    zones: [...blocks.keys()],
    anyClass: served.some(({ anyClass }) => anyClass),
    find,
    dispatch(query: Query) {
      const block = find(query.name, query.question.type);
      if (block?.handler === undefined) return createErrorReply(Rcode.REFUSED);
      return block.handler(query.zone === block.zone ? query : { ...query, zone: block.zone });
    },
  };
}
