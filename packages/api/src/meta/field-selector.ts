import { badRequest } from "../status/status-error.ts";

/** One condition on one field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** Conditions that must all hold; empty selects everything. */
export type FieldSelector = readonly FieldRequirement[];

/**
 * Parses the text of a `fieldSelector` parameter: `metadata.name=x,spec.nodeName!=y`. In values
 * `\,`, `\=` and `\\` stand for the characters themselves.
 * @throws StatusError 400 with upstream's text (apimachinery/pkg/fields).
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === "") continue;
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (match === null) {
      throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    }
    const [, field = "", operator, value = ""] = match;
    requirements.push({ field, operator: operator === "!=" ? "!=" : "=", value: unescape(value) });
  }
  return requirements;
}

/** Whether an object, seen through `valueOf` (its value of a field), fulfils a selector. */
export function fieldSelectorMatches(
  selector: FieldSelector,
  valueOf: (field: string) => string,
): boolean {
  for (const { field, operator, value } of selector) {
    if ((valueOf(field) === value) !== (operator === "=")) return false;
  }
  return true;
}

function splitTerms(text: string): string[] {
  return text.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? [];
}

function unescape(value: string): string {
  if (!/[\\=]/.test(value)) return value;
  return value.replaceAll(/\\(.?)|=/gs, (found: string, character: string | undefined) => {
    if (character === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found}`);
    }
    if (character !== "" && "\\,=".includes(character)) return character;
    throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
  });
}
