import { Flag, type Message, Rcode } from "@kubehop/dns-wire";
import type { Random } from "@kubehop/kit";
import { type Link, mapReply, PluginError } from "../../chain.ts";
import { CorefileError } from "../../corefile/corefile-error.ts";
import type { Directive } from "../../corefile/directive.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import { createErrorReply, createReply, type Reply } from "../../reply.ts";
import { matchZone } from "../../zones.ts";
import { type ForwardOptions, MAX_UPSTREAMS, readForwardOptions } from "./options.ts";
import { resolveUpstreams } from "./resolver.ts";
import type { UpstreamAddress } from "./upstream-address.ts";
import { createUpstream, type Upstream } from "./upstream.ts";

const NAME = "forward";
/** How long one query may take in all, over all upstreams (CoreDNS' defaultTimeout). */
const DEADLINE_MS = 5_000;
const ATTEMPTS_PER_UPSTREAM = 2;

/** Sends queries to other DNS servers. It may stand several times in a block. */
export const forward: Plugin = {
  name: NAME,
  setup(directives, context) {
    const forwards = directives.map((directive) =>
      createForward(directive, readForwardOptions(directive, context.folder), context),
    );
    return {
      anyClass: true,
      link: (next) => forwards.reduceRight((rest, { link }) => link(rest), next),
      async start() {
        await Promise.all(forwards.map((each) => each.start()));
      },
      async stop() {
        await Promise.all(forwards.map((each) => each[Symbol.asyncDispose]()));
      },
    };
  },
};

/** One directive's part of the chain; disposing waits for the queries under way. */
interface Forward extends AsyncDisposable {
  readonly link: Link;
  /** Looks hosts up. Rejects with CorefileError when one cannot be found. */
  start(): Promise<void>;
}

function createForward(
  directive: Directive,
  options: ForwardOptions,
  context: SetupContext,
): Forward {
  const upstreams: Upstream[] = [];
  const choose = createPolicy(options, upstreams, context.random);
  const running = new Set<Promise<Reply>>();
  const answer = (query: Query): Promise<Reply> => {
    const reply = forwardQuery({ query, choose, options, upstreams, context });
    running.add(reply);
    return reply.finally(() => running.delete(reply));
  };
  const link: Link = (next) => (query) => {
    const mine =
      matchZone(options.from, query.name) !== undefined &&
      matchZone(options.except, query.name) === undefined;
    if (!mine) return next(query);
    if (options.maxConcurrent > 0 && running.size >= options.maxConcurrent) {
      context.metrics.plugins.forward.maxConcurrentRejects.inc();
      const text = `concurrent queries exceeded maximum ${options.maxConcurrent}`;
      throw new PluginError(NAME, text, { rcode: Rcode.REFUSED });
    }
    const { next: codes, nextOnNodata } = options;
    if (codes.size === 0 && !nextOnNodata) return answer(query);
    return mapReply(answer, query, (reply) => (isForNext(reply, options) ? next(query) : reply));
  };
  return {
    link,
    async start() {
      const addresses = await findAddresses(directive, options);
      upstreams.push(...addresses.map((each) => createUpstream(each, options, context)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(running);
      await Promise.all(upstreams.map((upstream) => upstream[Symbol.asyncDispose]()));
    },
  };
}

async function findAddresses(
  directive: Directive,
  { upstreams, resolvers }: ForwardOptions,
): Promise<readonly UpstreamAddress[]> {
  try {
    const addresses = await resolveUpstreams(upstreams, resolvers);
    if (addresses.length <= MAX_UPSTREAMS) return addresses;
    throw new Error(`${addresses.length} addresses; expected at most ${MAX_UPSTREAMS}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorefileError(directive.position, `forward: ${reason}`);
  }
}

/** Whether the block's next `forward` is asked instead of giving this reply. */
function isForNext({ rcode, answers }: Reply, { next, nextOnNodata }: ForwardOptions): boolean {
  return next.has(rcode) || (nextOnNodata && rcode === Rcode.NOERROR && answers.length === 0);
}

interface Forwarding {
  readonly query: Query;
  /** Upstreams in the order to try them. */
  readonly choose: () => readonly Upstream[];
  readonly options: ForwardOptions;
  readonly upstreams: readonly Upstream[];
  readonly context: SetupContext;
}

async function forwardQuery(forwarding: Forwarding): Promise<Reply> {
  const { query, options, context } = forwarding;
  const list = forwarding.choose();
  const deadline = context.clock.monotonic() + DEADLINE_MS;
  const attempts = options.maxAttempts ?? ATTEMPTS_PER_UPSTREAM * list.length;
  let lastError: unknown = new Error("no upstream is healthy");
  let refused: Reply | undefined;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (context.clock.monotonic() >= deadline) break;
    const upstream = nextUpstream(list, attempt, forwarding);
    if (upstream === undefined) break;
    try {
      const reply = toReply(query, await upstream.ask(query));
      if (!options.failover.has(reply.rcode) || attempt + 1 >= list.length) return reply;
      refused = reply;
    } catch (error) {
      lastError = error;
      upstream.startHealthCheck();
    }
  }
  if (refused !== undefined) return refused;
  const reason = lastError instanceof Error ? lastError.message : String(lastError);
  throw new PluginError(NAME, options.failFast ? `${reason} (failfast)` : reason, {
    cause: lastError,
  });
}

/**
 * The first upstream from the attempt's place on that is not down. When all are down health checks
 * are assumed broken and any is tried, unless the configuration wants to fail at once.
 */
function nextUpstream(
  list: readonly Upstream[],
  attempt: number,
  { options, upstreams, context }: Forwarding,
): Upstream | undefined {
  for (let offset = 0; offset < list.length; offset++) {
    const upstream = list[(attempt + offset) % list.length];
    if (upstream?.down() === false) return upstream;
  }
  context.metrics.plugins.forward.healthcheckBroken.inc();
  if (options.failFast) return undefined;
  return upstreams[Math.floor(context.random() * upstreams.length)];
}

/** An answer to another question than the one asked is FORMERR (CoreDNS). */
function toReply(query: Query, message: Message): Reply {
  const [question] = message.questions;
  const { name, type, class: cls } = query.question;
  const matches =
    question !== undefined &&
    question.type === type &&
    question.class === cls &&
    question.name.toLowerCase() === name.toLowerCase();
  if (!matches || (message.flags & Flag.QR) === 0) return createErrorReply(Rcode.FORMERR, NAME);
  const { rcode, answers, authorities, additionals } = message;
  const flags = message.flags & (Flag.AA | Flag.TC | Flag.RA | Flag.AD);
  // A response code above 15 cannot be passed on to a client without EDNS.
  const known = rcode > 0xf && query.edns === undefined ? Rcode.SERVFAIL : rcode;
  return createReply(NAME, { rcode: known, flags, answers, authorities, additionals });
}

function createPolicy(
  { policy }: ForwardOptions,
  upstreams: readonly Upstream[],
  random: Random,
): () => readonly Upstream[] {
  let turn = 0;
  const from = (start: number): readonly Upstream[] =>
    start === 0 ? upstreams : [...upstreams.slice(start), ...upstreams.slice(0, start)];
  if (policy === "sequential") return () => upstreams;
  if (policy === "round_robin") return () => from(turn++ % upstreams.length);
  return () => from(Math.floor(random() * upstreams.length));
}
