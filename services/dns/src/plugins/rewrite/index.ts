import { type Handler, type MaybePromise, PluginError } from "../../chain.ts";
import { type Directive, invalidArgument } from "../../corefile/directive.ts";
import type { Plugin } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import { createErrorReply, type Reply } from "../../reply.ts";
import { readEdns0Rule } from "./edns0-rule.ts";
import {
  readClassRule,
  readCnameRule,
  readRcodeRule,
  readTtlRule,
  readTypeRule,
} from "./field-rules.ts";
import { readNameRule } from "./name-rule.ts";
import type { Rewrite, Rewritten } from "./rule.ts";

interface Rule {
  readonly rewrite: Rewrite;
  /** Whether later rules see the query too. */
  readonly goesOn: boolean;
}

const FIELDS: Readonly<
  Record<string, (directive: Directive, words: readonly string[]) => Rewrite>
> = {
  name: readNameRule,
  type: readTypeRule,
  class: readClassRule,
  ttl: readTtlRule,
  rcode: readRcodeRule,
  cname: readCnameRule,
  edns0: readEdns0Rule,
};

/** Changes queries, and their answers back. It may stand several times in a block. */
export const rewrite: Plugin = {
  name: "rewrite",
  setup(directives) {
    const rules = directives.map(readRule);
    return {
      link: (next) => (query) => {
        const { query: rewritten, changes } = applyRules(rules, query);
        if (changes.length === 0) return next(rewritten);
        return settleChanged(next, rewritten, changes);
      },
    };
  },
};

type Change = NonNullable<Rewritten["onReply"]>;

function applyRules(
  rules: readonly Rule[],
  query: Query,
): { query: Query; changes: readonly Change[] } {
  const changes: Change[] = [];
  let current = query;
  for (const rule of rules) {
    const rewritten = rule.rewrite(current);
    if (rewritten === undefined) continue;
    current = rewritten.query;
    // What was done last is undone first.
    if (rewritten.onReply !== undefined) changes.unshift(rewritten.onReply);
    if (!rule.goesOn) break;
  }
  return { query: current, changes };
}

/** Changes the reply, or the response code of the error that takes its place. */
function settleChanged(
  next: Handler,
  query: Query,
  changes: readonly Change[],
): MaybePromise<Reply> {
  const fail = (error: unknown): never => {
    throw changeError(error, changes);
  };
  try {
    const reply = next(query);
    if (!(reply instanceof Promise)) return applyAll(reply, changes);
    return reply.then((value) => applyAll(value, changes), fail);
  } catch (error) {
    return fail(error);
  }
}

function changeError(error: unknown, changes: readonly Change[]): unknown {
  if (!(error instanceof PluginError)) return error;
  const changed = applyAll(createErrorReply(error.rcode), changes);
  if (changed instanceof Promise || changed.rcode === error.rcode) return error;
  const { plugin, message } = error;
  const text = message.slice(`plugin/${plugin}: `.length);
  return new PluginError(plugin, text, { rcode: changed.rcode, cause: error });
}

function applyAll(reply: Reply, changes: readonly Change[]): MaybePromise<Reply> {
  let result: MaybePromise<Reply> = reply;
  for (const change of changes) {
    result = result instanceof Promise ? result.then(change) : change(result);
  }
  return result;
}

/** `rewrite [continue|stop] FIELD …`; the words may also stand in a block, a line for each part. */
function readRule(directive: Directive): Rule {
  const lines = (directive.block ?? []).map(({ name, args }) => [name, ...textsOf(args)]);
  const words = [...textsOf(directive.args), ...lines.flat()];
  const [first] = words;
  const mode = first === "continue" || first === "stop" ? first : undefined;
  const [field = "", ...rest] = mode === undefined ? words : words.slice(1);
  const read = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
  if (read === undefined) {
    throw invalidArgument(directive, field, `one of ${Object.keys(FIELDS).join(", ")}`);
  }
  return { rewrite: read(directive, rest), goesOn: mode === "continue" };
}

function textsOf(tokens: readonly { readonly text: string }[]): string[] {
  return tokens.map(({ text }) => text);
}
