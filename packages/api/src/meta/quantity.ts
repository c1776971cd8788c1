/** What the API server says about text that is no quantity. */
export const QUANTITY_RULE =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const QUANTITY =
  /^([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|[KMGTPE]i|[eE][+-]?[0-9]{1,3})?$/;

const EXPONENTS = new Map<string, number>([
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
]);
const BINARY = new Map<string, number>([
  ["Ki", 2 ** 10],
  ["Mi", 2 ** 20],
  ["Gi", 2 ** 30],
  ["Ti", 2 ** 40],
  ["Pi", 2 ** 50],
  ["Ei", 2 ** 60],
]);

/** Whether text is a resource quantity such as `100m`, `1.5`, `64Mi` or `1e3`. */
export function isQuantity(text: string): boolean {
  return QUANTITY.test(text);
}

/** The amount behind a quantity, as a number of units; undefined when the text is none. */
export function parseQuantity(text: string): number | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, sign = "", digits = "0", suffix = ""] = match;
  const amount = Number(`${sign}${digits}`);
  const binary = BINARY.get(suffix);
  if (binary !== undefined) return amount * binary;
  const exponent = EXPONENTS.get(suffix) ?? Number(suffix.slice(1) || 0);
  return Number(`${amount}e${exponent}`);
}
