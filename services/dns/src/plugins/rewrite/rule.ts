import type { MaybePromise } from "../../chain.ts";
import type { Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";

/** What a rule makes of a query. */
export interface Rewritten {
  readonly query: Query;
  /** Changes the reply, so that it is one to the query before. */
  readonly onReply?: (reply: Reply) => MaybePromise<Reply>;
}

/** Rewrites a query; undefined when the rule is not for it. */
export type Rewrite = (query: Query) => Rewritten | undefined;
