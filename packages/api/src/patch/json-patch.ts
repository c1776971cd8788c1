import { cloneJson, isEqual } from "../json.ts";
import { badRequest, statusError, type StatusError } from "../status/status-error.ts";
import {
  addAt,
  getAt,
  itemsAt,
  type JsonPointer,
  parsePointer,
  PointerError,
  removeAt,
  replaceAt,
} from "./json-pointer.ts";

const MAX_OPERATIONS = 10_000;
const MAX_COPIED_BYTES = 3 * 1024 * 1024;
/** Insertions into long lists move their items: ten thousand of them must not take seconds. */
const MAX_MOVED_ITEMS = 20_000_000;

/** What a patch may still cost. */
interface Budget {
  copied: number;
  moved: number;
}

/** The document below a root of ours, so that a patch may replace it as a whole. */
interface Document {
  root: unknown;
}

/**
 * Applies an RFC 6902 patch to a copy of the object. Names such as `__proto__` are fields like any
 * other, which the well-known libraries leave out.
 * @throws StatusError 400 when the patch is no list of operations; 422 when one of them fails, a
 * `test` included; 413 when it has more than 10 000 operations or copies more than 3 MiB.
 */
export function applyJsonPatch<T>(object: T, patch: unknown): T {
  if (!Array.isArray(patch)) {
    throw badRequest(
      "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch",
    );
  }
  if (patch.length > MAX_OPERATIONS) {
    const limit = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}`;
    throw statusError(413, "RequestEntityTooLarge", `${limit}, got ${patch.length}`);
  }
  const document: Document = { root: cloneJson(object) };
  const budget = { copied: MAX_COPIED_BYTES, moved: MAX_MOVED_ITEMS };
  for (const operation of patch) apply(document, operation, budget);
  if (document.root === undefined) throw failed();
  return document.root as T;
}

interface Operation {
  readonly op: string;
  readonly path: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

function apply(document: Document, raw: unknown, budget: Budget): void {
  if (!isOperation(raw)) throw failed();
  try {
    operate(document, raw, budget);
  } catch (error) {
    throw error instanceof PointerError ? failed() : error;
  }
}

function operate(document: Document, operation: Operation, budget: Budget): void {
  const path = belowRoot(operation.path);
  switch (operation.op) {
    case "add":
      return insert(document, path, valueOf(operation), budget);
    case "remove":
      charge(document, path, budget);
      removeAt(document, path);
      return;
    case "replace":
      return replaceAt(document, path, valueOf(operation));
    case "move": {
      const from = belowRoot(operation.from);
      charge(document, from, budget);
      return insert(document, path, removeAt(document, from), budget);
    }
    case "copy": {
      const value = getAt(document, belowRoot(operation.from));
      spend(budget, value);
      return insert(document, path, cloneJson(value), budget);
    }
    case "test":
      if (!isEqual(getAt(document, path), valueOf(operation))) throw failed();
      return;
    default:
      throw failed();
  }
}

function isOperation(value: unknown): value is Operation {
  return typeof value === "object" && value !== null && "op" in value;
}

function belowRoot(path: unknown): JsonPointer {
  return ["root", ...parsePointer(path)];
}

/** A private copy: another operation may change it. */
function valueOf(operation: Operation): unknown {
  if (!Object.hasOwn(operation, "value")) throw failed();
  return cloneJson(operation.value);
}

function insert(document: Document, path: JsonPointer, value: unknown, budget: Budget): void {
  charge(document, path, budget);
  addAt(document, path, value);
}

function charge(document: Document, path: JsonPointer, budget: Budget): void {
  budget.moved -= itemsAt(document, path);
  if (budget.moved < 0)
    throw tooMuch("Unable to complete the patch, it changes long lists too often");
}

/** Copies of copies grow exponentially: upstream bounds their sum too. */
function spend(budget: Budget, value: unknown): void {
  budget.copied -= JSON.stringify(value).length;
  if (budget.copied >= 0) return;
  throw tooMuch("Unable to complete the copy, the accumulated size increase of copy is too large");
}

function tooMuch(why: string): StatusError {
  return statusError(413, "RequestEntityTooLarge", why);
}

function failed(): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return statusError(422, "Invalid", message, {});
}
