/** A part of a template: text, or the inside of `{{ … }}`. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly words: readonly string[] };

/** A mistake in a template. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

const ACTION = /\{\{(- )?([^]*?)( -)?\}\}/g;
const WORD = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|\$[\w.]*|[.\w][\w.]*|-?\d+|:=|[()|=])/y;

/** Cuts a template into text and actions; `{{-` and `-}}` eat the white space beside them. */
export function lexTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let end = 0;
  let trim = false;
  const addText = (raw: string, trimRight: boolean): void => {
    const left = trim ? raw.trimStart() : raw;
    const text = trimRight ? left.trimEnd() : left;
    if (text !== "") parts.push({ kind: "text", text });
  };
  for (const match of template.matchAll(ACTION)) {
    const [whole, trimLeft, inside = "", trimNext] = match;
    addText(template.slice(end, match.index), trimLeft !== undefined);
    parts.push({ kind: "action", words: lexAction(inside) });
    end = match.index + whole.length;
    trim = trimNext !== undefined;
  }
  const rest = template.slice(end);
  if (rest.includes("{{")) throw new TemplateError("{{ is never closed");
  addText(rest, false);
  return parts;
}

function lexAction(text: string): string[] {
  const words: string[] = [];
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.trimEnd().length) {
    const start = WORD.lastIndex;
    const word = WORD.exec(text)?.[1];
    if (word === undefined) throw new TemplateError(`unexpected "${text.slice(start).trim()}"`);
    words.push(word);
  }
  return words;
}
