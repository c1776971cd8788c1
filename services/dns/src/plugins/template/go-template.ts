import {
  isTrue,
  lookUpKey,
  TEMPLATE_FUNCTIONS,
  toText,
  type TemplateValue,
} from "./go-functions.ts";
import { lexTemplate, TemplateError, type TemplatePart } from "./go-lexer.ts";

/** What a template is filled in with: fields, and functions for fields with an argument. */
export type TemplateData = Readonly<Record<string, unknown>>;

/** Fills a template in. Throws TemplateError. */
export type Template = (data: TemplateData) => string;

interface Scope {
  readonly data: TemplateData;
  readonly variables: Map<string, TemplateValue>;
}

type Node = (scope: Scope) => string;
type Expression = (scope: Scope) => TemplateValue;

interface Parser {
  readonly parts: readonly TemplatePart[];
  at: number;
  depth: number;
}

const MAX_DEPTH = 32;

/**
 * Compiles a template of Go's text/template: fields (`.Group.a`), variables (`$x := …`), function
 * calls, pipelines, parentheses and `if` … `else if` … `else` … `end`. Throws TemplateError.
 */
export function compileTemplate(text: string): Template {
  const parser: Parser = { parts: lexTemplate(text), at: 0, depth: 0 };
  const { node, ending } = parseNodes(parser);
  if (ending !== undefined) throw new TemplateError(`unexpected {{${ending.join(" ")}}}`);
  return (data) => node({ data, variables: new Map() });
}

/** Nodes until `else` or `end`, or the template's end. */
function parseNodes(parser: Parser): { node: Node; ending: readonly string[] | undefined } {
  if (++parser.depth > MAX_DEPTH) throw new TemplateError(`nested more than ${MAX_DEPTH} deep`);
  const nodes: Node[] = [];
  let ending: readonly string[] | undefined;
  for (let part = parser.parts[parser.at]; part !== undefined; part = parser.parts[parser.at]) {
    parser.at++;
    if (part.kind === "text") {
      const { text } = part;
      nodes.push(() => text);
      continue;
    }
    const [keyword] = part.words;
    if (keyword === "end" || keyword === "else") {
      ending = part.words;
      break;
    }
    nodes.push(keyword === "if" ? parseIf(parser, part.words.slice(1)) : parseAction(part.words));
  }
  parser.depth--;
  return { node: (scope) => nodes.map((node) => node(scope)).join(""), ending };
}

function parseIf(parser: Parser, words: readonly string[]): Node {
  const test = parsePipeline(words);
  const { node: yes, ending } = parseNodes(parser);
  let no: Node = () => "";
  if (ending?.[0] === "else" && ending[1] === "if") no = parseIf(parser, ending.slice(2));
  else if (ending?.[0] === "else") {
    const last = parseNodes(parser);
    if (last.ending?.[0] !== "end") throw new TemplateError("{{if}} has no {{end}}");
    no = last.node;
  } else if (ending === undefined) throw new TemplateError("{{if}} has no {{end}}");
  return (scope) => (isTrue(test(scope)) ? yes(scope) : no(scope));
}

function parseAction(words: readonly string[]): Node {
  const [name = "", sign] = words;
  if (name.startsWith("$") && (sign === ":=" || sign === "=")) {
    const value = parsePipeline(words.slice(2));
    return ({ data, variables }) => {
      variables.set(name, value({ data, variables }));
      return "";
    };
  }
  const value = parsePipeline(words);
  return (scope) => toText(value(scope));
}

/** Commands joined by `|`: each gets the value of the one before as its last argument. */
function parsePipeline(words: readonly string[]): Expression {
  const commands: string[][] = [[]];
  let depth = 0;
  for (const word of words) {
    if (word === "(") depth++;
    if (word === ")") depth--;
    if (word === "|" && depth === 0) commands.push([]);
    else commands.at(-1)?.push(word);
  }
  const [first, ...others] = commands.map(parseCommand);
  if (first === undefined || depth !== 0) throw new TemplateError("missing value for command");
  return (scope) => others.reduce((value, command) => command(scope, [value]), first(scope, []));
}

type Command = (scope: Scope, more: readonly TemplateValue[]) => TemplateValue;

function parseCommand(words: readonly string[]): Command {
  const operands = splitOperands(words);
  const [head, ...rest] = operands;
  if (head === undefined) throw new TemplateError("missing value for command");
  const args = rest.map(parseOperand);
  const values = (scope: Scope, more: readonly TemplateValue[]): readonly TemplateValue[] => [
    ...args.map((arg) => arg(scope)),
    ...more,
  ];
  const [word = ""] = head;
  if (head.length === 1 && /^[a-zA-Z]\w*$/.test(word) && !CONSTANTS.has(word)) {
    const called = Object.hasOwn(TEMPLATE_FUNCTIONS, word) ? TEMPLATE_FUNCTIONS[word] : undefined;
    if (called === undefined) throw new TemplateError(`function "${word}" not defined`);
    return (scope, more) => called(...values(scope, more));
  }
  const operand = parseOperand(head);
  return (scope, more) => {
    const value = operand(scope);
    if (typeof value === "function")
      return (value as (...all: readonly unknown[]) => unknown)(...values(scope, more));
    if (args.length + more.length > 0) throw new TemplateError(`"${word}" takes no arguments`);
    return value;
  };
}

/** Words, a group in parentheses counting as one. */
function splitOperands(words: readonly string[]): string[][] {
  const operands: string[][] = [];
  let depth = 0;
  for (const word of words) {
    if (word === ")" && --depth < 0) throw new TemplateError('")" without "("');
    if (depth > 0 || word === ")") operands.at(-1)?.push(word);
    else operands.push([word]);
    if (word === "(") depth++;
  }
  return operands;
}

const CONSTANTS: ReadonlyMap<string, TemplateValue> = new Map<string, TemplateValue>([
  ["true", true],
  ["false", false],
  ["nil", undefined],
]);

function parseOperand(words: readonly string[]): Expression {
  const [word = ""] = words;
  if (word === "(") return parsePipeline(words.slice(1, -1));
  if (CONSTANTS.has(word)) return () => CONSTANTS.get(word);
  if (word.startsWith('"')) {
    const text = parseQuoted(word);
    return () => text;
  }
  if (word.startsWith("`")) return () => word.slice(1, -1);
  if (/^-?\d+$/.test(word)) return () => Number(word);
  if (word.startsWith("$")) {
    const [variable = "", ...path] = word.split(".").filter((field) => field !== "");
    return ({ variables, data }) =>
      path.reduce<TemplateValue>(lookUpKey, variable === "$" ? data : variables.get(variable));
  }
  if (!word.startsWith(".")) throw new TemplateError(`unexpected "${word}"`);
  const fields = word.split(".").filter((field) => field !== "");
  return ({ data }) => fields.reduce<TemplateValue>(lookUpKey, data);
}

function parseQuoted(word: string): string {
  try {
    return JSON.parse(word) as string;
  } catch {
    throw new TemplateError(`${word} is not a text`);
  }
}
