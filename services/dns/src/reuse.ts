import type { Random } from "@kubehop/kit";
import type { Link } from "./chain.ts";
import type { Reply } from "./reply.ts";

/** What lets a reply be sent again to the same question without asking the plugins. */
export interface Reuse {
  /**
   * Counts one more use at `now` (monotonic ms), as its plugins would have counted the query; false,
   * with nothing counted, when the reply does not hold any more.
   */
  take(now: number): boolean;
  /** Whether the records are the same however the question's name is spelled. */
  readonly anyCase: boolean;
  /** Draws a new order of the addresses for each use; absent: they stay as they are. */
  readonly random?: Random;
}

/** The reply, with what it takes to use it again. */
export function withReuse(reply: Reply, reuse: Reuse | undefined): Reply {
  return reuse === undefined ? withoutReuse(reply) : { ...reply, reuse };
}

/** The reply for this one query. */
export function withoutReuse(reply: Reply): Reply {
  if (reply.reuse === undefined) return reply;
  const { reuse: _, ...rest } = reply;
  return rest;
}

/** Puts the link of a plugin that looks at more than the question before others. */
export function forbidReuse(link: Link): Link {
  return (next) => {
    const handler = link(next);
    return (query) => {
      const reply = handler(query);
      return reply instanceof Promise ? reply.then(withoutReuse) : withoutReuse(reply);
    };
  };
}
