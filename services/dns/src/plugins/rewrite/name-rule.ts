import { MAX_NAME_OCTETS, nameOctets, splitName } from "@kubehop/dns-wire";
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
    if (name === undefined || !isName(name)) return undefined;
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

/** A rule may make a name that is none; such a query stays as it is. */
function isName(name: string): boolean {
  if (name === ".") return true;
  if (nameOctets(name) > MAX_NAME_OCTETS) return false;
  return splitName(name).every((label) => label.length > 0 && nameOctets(label) <= 65);
}

function readAnswerRules(directive: Directive, options: readonly string[]): AnswerRules {
  const names: Substitute[] = [];
  const values: Substitute[] = [];
  let auto = false;
  for (let at = 0; at < options.length;) {
    const [word, what, from, to] = options.slice(at, at + 4);
    if (word === "answer" && what === "auto") {
      auto = true;
      at += 2;
      continue;
    }
    if (word !== "answer" || from === undefined || to === undefined) {
      throw invalidArgument(
        directive,
        word ?? "",
        "answer auto, answer name RE TO or answer value RE TO",
      );
    }
    if (what === "name") names.push(createRegexp(directive, from, to));
    else if (what === "value") values.push(createRegexp(directive, from, to));
    else throw invalidArgument(directive, what ?? "", "auto, name or value");
    at += 4;
  }
  return { auto, names, values };
}
