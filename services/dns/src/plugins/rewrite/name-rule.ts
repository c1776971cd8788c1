import { MAX_NAME_OCTETS, nameOctets, splitName } from "@kubehop/dns-wire";
import { PluginError } from "../../chain.ts";
import { type Directive, invalidArgument } from "../../corefile/directive.ts";
import type { Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import {
  createRegexp,
  createSubstitution,
  MATCH_KINDS,
  type MatchKind,
  type Substitute,
} from "./match.ts";
import { mapRecords, renameOwner, renameValue } from "./records.ts";
import type { Rewrite } from "./rule.ts";

/** How answers are changed back. */
interface AnswerRules {
  readonly auto: boolean;
  readonly names: readonly Substitute[];
  readonly values: readonly Substitute[];
}

/** Takes `[exact|prefix|suffix|substring|regex]` off the front of the words; exact without one. */
export function takeMatchKind(words: readonly string[]): { kind: MatchKind; rest: string[] } {
  const [first, ...others] = words;
  const kind = MATCH_KINDS.find((each) => each === first);
  return kind === undefined ? { kind: "exact", rest: [...words] } : { kind, rest: others };
}

/** `name [KIND] FROM TO [answer auto | answer name RE TO | answer value RE TO]…`. */
export function readNameRule(directive: Directive, words: readonly string[]): Rewrite {
  const { kind, rest } = takeMatchKind(words);
  const [from, to, ...options] = rest;
  if (from === undefined || to === undefined) {
    throw invalidArgument(directive, words.at(-1) ?? "name", "followed by FROM and TO");
  }
  const { forth, back } = createSubstitution(directive, { kind, from, to });
  const answer = readAnswerRules(directive, options);
  if (answer.auto && back === undefined) {
    throw invalidArgument(directive, "auto", "possible for a regex; give answer name RE TO");
  }
  return (query) => {
    const name = forth(query.name);
    if (name === undefined) return undefined;
    if (!isName(name)) throw new PluginError("rewrite", `invalid name after rewrite: ${name}`);
    const asked = query.question.name;
    const onReply = (reply: Reply): Reply => {
      // An exact rule turns back what it did by itself.
      const undo = kind === "exact" ? undoExact(name, asked) : answer.auto ? back : undefined;
      return changeBack(reply, undo, answer);
    };
    return { query: rename(query, name), onReply };
  };
}

function undoExact(name: string, asked: string): Substitute {
  const own = name.toLowerCase();
  return (owner) => (owner === own ? asked : undefined);
}

function changeBack(
  reply: Reply,
  undo: Substitute | undefined,
  { auto, names, values }: AnswerRules,
): Reply {
  const owners = undo === undefined ? names : [undo, ...names];
  const data = auto && undo !== undefined ? [undo, ...values] : values;
  if (owners.length === 0 && data.length === 0) return reply;
  return mapRecords(reply, (record) =>
    data.reduce(renameValue, owners.reduce(renameOwner, record)),
  );
}

/** The query for another name. */
export function rename(query: Query, name: string): Query {
  return { ...query, name: name.toLowerCase(), question: { ...query.question, name } };
}

/** A rule may make a name that is none; such a query is SERVFAIL (CoreDNS). */
function isName(name: string): boolean {
  if (name === ".") return true;
  if (nameOctets(name) > MAX_NAME_OCTETS) return false;
  return splitName(name).every((label) => label.length > 0 && nameOctets(label) <= 65);
}

/** The parts of `answer …`; after the first the word `answer` may be left out (CoreDNS). */
function readAnswerRules(directive: Directive, options: readonly string[]): AnswerRules {
  const expected = "answer auto, answer name RE TO or answer value RE TO";
  const [first = "answer"] = options;
  if (first !== "answer") throw invalidArgument(directive, first, expected);
  const rules = { name: [] as Substitute[], value: [] as Substitute[] };
  let auto = false;
  for (let at = 0; at < options.length;) {
    if (options[at] === "answer") at++;
    const [what = "answer", from, to] = options.slice(at, at + 3);
    if (what === "auto") {
      auto = true;
      at++;
      continue;
    }
    if ((what !== "name" && what !== "value") || from === undefined || to === undefined) {
      throw invalidArgument(directive, what, expected);
    }
    rules[what].push(createRegexp(directive, from, to));
    at += 3;
  }
  return { auto, names: rules.name, values: rules.value };
}
