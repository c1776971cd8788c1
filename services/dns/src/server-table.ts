import { Rcode } from "@kubehop/dns-wire";
import type { Handler } from "./chain.ts";
import type { MetadataReader, Query } from "./query.ts";
import { createErrorReply } from "./reply.ts";
import { parentName } from "./zones.ts";

/** A server block as one listener sees it. */
export interface ServedZone {
  readonly zone: string;
  /** Undefined for a block without plugins, which refuses. */
  readonly handler: Handler | undefined;
  /** Whether classes other than IN may come in (CoreDNS: blocks with `forward` or `chaos`). */
  readonly anyClass: boolean;
  /** The name of its `view`; empty without one. */
  readonly view: string;
  /** Whether a query is for this block (the `view` plugin); undefined when all are. */
  readonly filter: ((query: Query) => boolean) | undefined;
  readonly metadata: MetadataReader | undefined;
  /** The most octets over UDP, whatever the client says (`bufsize`); undefined for no limit. */
  readonly bufferSize: number | undefined;
}

/** Whether a query whose zone this is belongs to the block. */
export type BlockFilter = (block: ServedZone) => boolean;

/** The server blocks of one listener. */
export interface ServerTable {
  /** The listener's name in metrics and logs: `dns://:53`. */
  readonly server: string;
  readonly blocks: readonly ServedZone[];
  /** Whether some block takes classes other than IN. */
  readonly anyClass: boolean;
  /** Whether some block takes only a part of the queries for its zone. */
  readonly filtered: boolean;
  /**
   * The block that answers for a name (lower case): the longest zone, and of the blocks with the
   * same zone the first that takes the query; `accepts` is asked where a block has a filter.
   */
  find(name: string, type: string, accepts: BlockFilter): ServedZone | undefined;
  /** Answers from the block that is found; REFUSED when there is none. */
  dispatch: Handler;
}

/** Creates a listener's table. Only one block of a zone may be without a filter. */
export function createServerTable(server: string, blocks: readonly ServedZone[]): ServerTable {
  const byZone = Map.groupBy(blocks, ({ zone }) => zone);
  const find = (name: string, type: string, accepts: BlockFilter): ServedZone | undefined => {
    let parentOfDs: ServedZone | undefined;
    for (let at: string | undefined = name; at !== undefined; at = parentName(at)) {
      const block = firstOf(byZone.get(at), accepts);
      if (block === undefined) continue;
      // DS belongs to the parent zone (RFC 4035 §3.1.4.1), if that is served here too.
      if (type !== "DS" || parentOfDs !== undefined) return block;
      parentOfDs = block;
    }
    return parentOfDs;
  };
  return {
    server,
    blocks,
    anyClass: blocks.some(({ anyClass }) => anyClass),
    filtered: blocks.some(({ filter }) => filter !== undefined),
    find,
    dispatch(query: Query) {
      const accepts = (block: ServedZone): boolean => isFor(block, query);
      const block = find(query.name, query.question.type, accepts);
      if (block?.handler === undefined) return createErrorReply(Rcode.REFUSED);
      const inside = query.zone === block.zone && query.view === block.view;
      return block.handler(inside ? query : enterBlock(query, block));
    },
  };
}

/** Whether a block's filter takes the query. */
export function isFor(block: ServedZone, query: Query): boolean {
  return block.filter === undefined || block.filter(enterBlock(query, block));
}

/** The query as that block's plugins see it. */
export function enterBlock(query: Query, { zone, view, metadata }: ServedZone): Query {
  return { ...query, zone, view, metadata };
}

function firstOf(
  blocks: readonly ServedZone[] | undefined,
  accepts: BlockFilter,
): ServedZone | undefined {
  if (blocks === undefined) return undefined;
  for (const block of blocks) {
    if (block.filter === undefined || accepts(block)) return block;
  }
  return undefined;
}
