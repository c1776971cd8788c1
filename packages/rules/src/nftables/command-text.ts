import type { IpFamily } from "@kubehop/routing";
import type { NftCommand, NftDraw, NftRule, NftStatement, NftVerdict } from "./command.ts";
import type { Element } from "./elements.ts";
import { type FamilyWords, wordsOf } from "./family-words.ts";
import type { NftSet } from "./service-chains.ts";
import { MARK_RULE } from "./shared-rules.ts";

/** A command as a line of `nft -f`. */
export function commandText(command: NftCommand, family: IpFamily): string {
  const words = wordsOf(family);
  const table = `${words.ip} kube-proxy`;
  switch (command.do) {
    case "line":
      return command.text;
    case "add-chain":
      return `add chain ${table} ${command.chain}`;
    case "flush-chain":
      return `flush chain ${table} ${command.chain}`;
    case "delete-chain":
      return `delete chain ${table} ${command.chain}`;
    case "add-rule":
      return `add rule ${table} ${command.chain} ${ruleText(command.rule, words)}`;
    case "add-set":
      return `add set ${table} ${command.set.name} ${declarationText(command.set, words)}`;
    case "delete-set":
      return `delete set ${table} ${command.name}`;
    case "add-element":
      return `add element ${table} ${command.element.of} { ${elementText(command.element)} }`;
    case "delete-element":
      break;
  }
  return `delete element ${table} ${command.element.of} { ${keyText(command.element)} }`;
}

/** How an element is found in its set or map. */
export function keyText({ key }: Pick<Element, "key">): string {
  return key.join(" . ");
}

/** How an element is added: the key, for some a comment, in maps the verdict. */
export function elementText(element: Element): string {
  const { comment, verdict } = element;
  const note = comment === undefined ? "" : ` comment "${comment}"`;
  return `${keyText(element)}${note}${verdict === undefined ? "" : ` : ${verdictText(verdict)}`}`;
}

function declarationText({ timeoutSeconds }: NftSet, { address }: FamilyWords): string {
  return `{ type ${address} ; flags dynamic,timeout ; timeout ${timeoutSeconds}s ; }`;
}

function ruleText({ statements, comment }: NftRule, words: FamilyWords): string {
  return [
    ...statements.map((statement) => statementText(statement, words)),
    ...(comment === undefined ? [] : [`comment "${comment}"`]),
  ].join(" ");
}

function statementText(statement: NftStatement, { ip }: FamilyWords): string {
  switch (statement.kind) {
    case "protocol":
      return `meta l4proto ${statement.protocol}`;
    case "source-in":
      return `${ip} saddr ${statement.cidr}`;
    case "source-outside":
      return `${ip} saddr != { ${statement.ranges.join(" , ")} }`;
    case "source-local":
      return "fib saddr type local";
    case "source-known":
      return `${ip} saddr @${statement.set}`;
    case "remember-source":
      return `update @${statement.set} { ${ip} saddr }`;
    case "mark":
      return MARK_RULE;
    case "verdict":
      return verdictText(statement.verdict);
    case "translate":
      return `dnat to ${targetText(statement.to, ip)}`;
    case "draw-target":
      return `dnat ${ip} to ${drawText(statement.draw, "map", (to) => `${to.ip} . ${to.port}`)}`;
    case "draw-verdict":
      break;
  }
  return drawText(statement.draw, "vmap", verdictText);
}

function targetText(to: { ip: string; port: number }, ip: FamilyWords["ip"]): string {
  return ip === "ip6" ? `[${to.ip}]:${to.port}` : `${to.ip}:${to.port}`;
}

function drawText<T>(
  { modulus, shares }: NftDraw<T>,
  kind: "map" | "vmap",
  textOf: (to: T) => string,
): string {
  const pairs = shares.map(({ first, last, to }) => {
    return `${first === last ? first : `${first}-${last}`} : ${textOf(to)}`;
  });
  return `numgen random mod ${modulus} ${kind} { ${pairs.join(" , ")} }`;
}

function verdictText(verdict: NftVerdict): string {
  return typeof verdict === "string" ? verdict : `goto ${verdict.goto}`;
}
