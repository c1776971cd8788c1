import { badRequest, statusError, type StatusError } from "@kubehop/api";

/** Largest body of a request, bytes (upstream's limit). */
export const BODY_LIMIT = 3_145_728;

/** Largest YAML body, bytes: reading YAML takes a hundred times as long as JSON. */
export const YAML_LIMIT = 131_072;

/** Deepest nesting of a body; objects of the API need a few dozen levels. */
const MAX_DEPTH = 1_000;

/**
 * Most values in a body, and most in one list or object of it: reading and validating more would
 * keep everybody else waiting. An EndpointSlice of 1000 endpoints has 15 000.
 */
export const MAX_VALUES = 100_000;
/** See MAX_VALUES. */
export const MAX_ITEMS = 20_000;

/** 413 for a body with too many values. */
export function tooManyValues(): StatusError {
  const message =
    `Request entity too large: limit is ${MAX_VALUES} values, ` +
    `${MAX_ITEMS} of them in one list or object`;
  return statusError(413, "RequestEntityTooLarge", message);
}

/** 400 for a body that is nested too deep. */
export function tooDeep(): StatusError {
  return badRequest("the request body exceeds the maximum nesting depth");
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_LIST = 0x5d;
const CLOSE_OBJECT = 0x7d;

/**
 * Refuses what would overflow the stack of whoever walks the value, and, in JSON (`counted`), what
 * has too many values. Looks at brackets, quotes and commas alone.
 */
export function checkShape(body: Buffer, counted: boolean): void {
  const count: Count = { values: 0, commas: new Uint32Array(MAX_DEPTH + 1) };
  let depth = 0;
  for (let at = 0; at < body.length; at += 1) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        depth += 1;
        if (depth > MAX_DEPTH) throw tooDeep();
        count.commas[depth] = 0;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth = Math.max(0, depth - 1);
        break;
      case COMMA:
        if (counted) countComma(count, depth);
    }
  }
}

interface Count {
  values: number;
  /** Commas in the list or object of each depth that is open now. */
  readonly commas: Uint32Array;
}

function countComma(count: Count, depth: number): void {
  const items = (count.commas[depth] ?? 0) + 1;
  count.commas[depth] = items;
  count.values += 1;
  if (count.values > MAX_VALUES || items >= MAX_ITEMS) throw tooManyValues();
}

/** Index of the quote that ends the string which begins at `start`. */
function endOfString(body: Buffer, start: number): number {
  let at = start + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}
