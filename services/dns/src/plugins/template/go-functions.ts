import { TemplateError } from "./go-lexer.ts";

/** A value inside a template. */
export type TemplateValue = unknown;

/** A function of templates. */
export type TemplateFunction = (...args: readonly TemplateValue[]) => TemplateValue;

/** The functions of Go's text/template that make sense for names and numbers, and `parseInt`. */
export const TEMPLATE_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  and: (...args) => args.find((arg) => !isTrue(arg)) ?? args.at(-1),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  not: (value) => !isTrue(value),
  len: (value) => (typeof value === "string" || Array.isArray(value) ? value.length : 0),
  index: (value, ...keys) => keys.reduce(lookUpKey, value),
  print: (...args) => args.map(toText).join(""),
  printf: (format, ...args) => formatText(toText(format), args),
  parseInt: (text, base, bits) => parseInteger(toText(text), Number(base), Number(bits)),
  eq: (left, ...others) => others.some((other) => other === left),
  ne: (left, right) => left !== right,
  lt: (left, right) => Number(left) < Number(right),
  le: (left, right) => Number(left) <= Number(right),
  gt: (left, right) => Number(left) > Number(right),
  ge: (left, right) => Number(left) >= Number(right),
};

/** Go's truth: empty texts, lists and zero are false. */
export function isTrue(value: TemplateValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== "" && value !== 0 && value !== false;
}

/** A value as it is printed. */
export function toText(value: TemplateValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(toText).join(" ")}]`;
  return "<no value>";
}

/** A field of a map, or an item of a list; throws TemplateError for what has neither. */
export function lookUpKey(value: TemplateValue, key: TemplateValue): TemplateValue {
  if (Array.isArray(value)) {
    const item: unknown = value[Number(key)];
    if (item === undefined) throw new TemplateError(`index out of range: ${toText(key)}`);
    return item;
  }
  if (typeof value !== "object" || value === null) {
    throw new TemplateError(`can't evaluate ${toText(key)} of ${toText(value)}`);
  }
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.hasOwn(fields, toText(key)) ? fields[toText(key)] : undefined;
}

/** `%s`, `%d`, `%v`, `%q`, `%x` with width and zeros, as fmt.Sprintf. */
function formatText(format: string, args: readonly TemplateValue[]): string {
  let at = 0;
  return format.replaceAll(
    /%(0?)(\d{0,3})([sdvqx%])/g,
    (_whole, zero: string, width: string, verb: string) => {
      if (verb === "%") return "%";
      const value = args[at++];
      const text =
        verb === "x"
          ? hexText(value)
          : verb === "q"
            ? JSON.stringify(toText(value))
            : toText(value);
      return text.padStart(Number(width), zero === "" ? " " : "0");
    },
  );
}

function hexText(value: TemplateValue): string {
  return typeof value === "number"
    ? value.toString(16)
    : Buffer.from(toText(value)).toString("hex");
}

/** Go's strconv.ParseUint: a number of at most `bits` bits. */
function parseInteger(text: string, base: number, bits: number): number {
  const number = Number.parseInt(text, base);
  if (Number.isNaN(number) || number < 0 || number >= 2 ** (bits || 53)) {
    throw new TemplateError(`parseInt: "${text}" is not a number of ${bits} bits`);
  }
  return number;
}
