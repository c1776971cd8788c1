import { CLASS_CODES, Rcode, typeCode } from "@kubehop/dns-wire";
import { type Directive, invalidArgument } from "../../corefile/directive.ts";
import { deriveQuery, type Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import { createSubstitution, type Substitute } from "./match.ts";
import { takeMatchKind } from "./name-rule.ts";
import { mapRecords } from "./records.ts";
import type { Rewrite } from "./rule.ts";

const MAX_TTL = 0x7fff_ffff;

/** `type FROM TO`. */
export function readTypeRule(directive: Directive, words: readonly string[]): Rewrite {
  const [from, to] = takePair(directive, words).map((text) => {
    if (typeCode(text.toUpperCase()) !== undefined) return text.toUpperCase();
    throw invalidArgument(directive, text, "a type like AAAA");
  }) as [string, string];
  return (query) =>
    query.question.type === from
      ? { query: { ...query, question: { ...query.question, type: to } } }
      : undefined;
}

/** `class FROM TO`. */
export function readClassRule(directive: Directive, words: readonly string[]): Rewrite {
  const [from, to] = takePair(directive, words).map((text) => {
    const code = CLASS_CODES[text.toUpperCase()];
    if (code !== undefined) return code;
    throw invalidArgument(directive, text, "a class like CH");
  }) as [number, number];
  return (query) =>
    query.question.class === from
      ? { query: { ...query, question: { ...query.question, class: to } } }
      : undefined;
}

/** `ttl [KIND] NAME TTL|MIN-MAX|MIN-|-MAX`: the TTL of all records of answers for the name. */
export function readTtlRule(directive: Directive, words: readonly string[]): Rewrite {
  const { matches, rest } = takeMatcher(directive, words);
  const text = rest[0] ?? "";
  const range = /^(\d{1,10})$|^(\d{0,10})-(\d{0,10})$/.exec(text);
  if (range === null || rest.length !== 1 || text === "-") {
    throw invalidArgument(directive, text, "a TTL or a range like 30-300, 30- or -300");
  }
  const [, exact, least, most] = range;
  const min = Number(exact ?? (least === "" ? 0 : least));
  const max = Math.min(Number(exact ?? (most === "" ? MAX_TTL : most)), MAX_TTL);
  if (min > max) throw invalidArgument(directive, text, "a range from less to more");
  const onReply = (reply: Reply): Reply =>
    mapRecords(reply, (record) => ({
      ...record,
      ttl: Math.min(Math.max(record.ttl, min), max),
    }));
  return (query) => (matches(query.name) === undefined ? undefined : { query, onReply });
}

/** `rcode [KIND] NAME FROM TO`. */
export function readRcodeRule(directive: Directive, words: readonly string[]): Rewrite {
  const { matches, rest } = takeMatcher(directive, words);
  const [from, to] = takePair(directive, rest).map((text) => {
    const code = (Rcode as Readonly<Record<string, number>>)[text.toUpperCase()] ?? Number(text);
    if (code >= 0 && code <= 0xf) return code;
    throw invalidArgument(directive, text, "a response code like NXDOMAIN");
  }) as [number, number];
  const onReply = (reply: Reply): Reply => (reply.rcode === from ? { ...reply, rcode: to } : reply);
  return (query) => (matches(query.name) === undefined ? undefined : { query, onReply });
}

/** `cname [KIND] FROM TO`: a CNAME in an answer leads elsewhere, and there it is followed. */
export function readCnameRule(directive: Directive, words: readonly string[]): Rewrite {
  const { kind, rest } = takeMatchKind(words);
  const [from, to] = takePair(directive, rest) as [string, string];
  const { forth } = createSubstitution(directive, { kind, from, to });
  return (query) => ({ query, onReply: (reply) => redirect(query, reply, forth) });
}

async function follow(query: Query, name: string): Promise<Reply["answers"]> {
  const further = deriveQuery(query, name, query.question.type);
  if (further === undefined) return [];
  try {
    return (await query.dispatch(further)).answers;
  } catch {
    return [];
  }
}

function redirect(query: Query, reply: Reply, substitute: Substitute): Reply | Promise<Reply> {
  const at = reply.answers.findIndex(
    (record) => record.type === "CNAME" && substitute(record.target.toLowerCase()) !== undefined,
  );
  const record = reply.answers[at];
  if (record?.type !== "CNAME") return reply;
  const target = substitute(record.target.toLowerCase()) ?? record.target;
  const kept = [...reply.answers.slice(0, at), { ...record, target }];
  if (query.question.type === "CNAME") return { ...reply, answers: kept };
  return follow(query, target).then((more) => ({ ...reply, answers: [...kept, ...more] }));
}

function takePair(directive: Directive, words: readonly string[]): readonly string[] {
  if (words.length === 2) return words;
  throw invalidArgument(directive, words.at(-1) ?? "", "part of FROM TO");
}

function takeMatcher(
  directive: Directive,
  words: readonly string[],
): { matches: Substitute; rest: readonly string[] } {
  const { kind, rest } = takeMatchKind(words);
  const [from = ".", ...others] = rest;
  const { forth } = createSubstitution(directive, {
    kind,
    from,
    to: kind === "regex" ? "x" : from,
  });
  return { matches: forth, rest: others };
}
