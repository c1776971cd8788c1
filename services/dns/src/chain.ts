import { Rcode } from "@kubehop/dns-wire";
import type { Query } from "./query.ts";
import type { Reply } from "./reply.ts";

/** A value that may still be on its way; in-cluster answers are given at once. */
export type MaybePromise<T> = T | Promise<T>;

/** Answers a query, or throws; a PluginError says with which response code. */
export type Handler = (query: Query) => MaybePromise<Reply>;

/** A plugin in a chain: given the rest of the chain, it makes the handler that stands before it. */
export type Link = (next: Handler) => Handler;

/** A plugin's failure: the message names the plugin, the response code is what the client gets. */
export class PluginError extends Error {
  override readonly name = "PluginError";
  readonly plugin: string;
  readonly rcode: number;

  constructor(plugin: string, text: string, options: { rcode?: number; cause?: unknown } = {}) {
    super(`plugin/${plugin}: ${text}`, options);
    this.plugin = plugin;
    this.rcode = options.rcode ?? Rcode.SERVFAIL;
  }
}

/** Folds links into one handler, the first link outermost. */
export function foldChain(links: readonly Link[]): Handler {
  return links.reduceRight<Handler>((next, link) => link(next), endOfChain);
}

/** CoreDNS' answer when no plugin of a server block knows the name (plugin.NextOrFailure). */
function endOfChain(): never {
  throw new PluginError("server", "no next plugin found");
}

/** What to do with the outcome of a handler. */
export interface Outcome {
  onReply(reply: Reply): Reply;
  onError(error: unknown): Reply;
}

/** Runs a handler and passes its reply or its error on, at once when it answers at once. */
export function settle(handler: Handler, query: Query, outcome: Outcome): MaybePromise<Reply> {
  let reply: MaybePromise<Reply>;
  try {
    reply = handler(query);
  } catch (error) {
    return outcome.onError(error);
  }
  if (reply instanceof Promise) {
    return reply.then(
      (value) => outcome.onReply(value),
      (error: unknown) => outcome.onError(error),
    );
  }
  return outcome.onReply(reply);
}

/** Changes the replies of a handler; its errors go on. */
export function mapReply(
  handler: Handler,
  query: Query,
  change: (reply: Reply) => MaybePromise<Reply>,
): MaybePromise<Reply> {
  const reply = handler(query);
  return reply instanceof Promise ? reply.then(change) : change(reply);
}

/** The response code an error stands for: a PluginError's own, SERVFAIL for any other. */
export function rcodeOf(error: unknown): number {
  return error instanceof PluginError ? error.rcode : Rcode.SERVFAIL;
}
