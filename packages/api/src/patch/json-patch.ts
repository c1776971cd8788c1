import { applyPatch as applyOperations, Pointer, type Operation } from "rfc6902";

import { badRequest, statusError, type StatusError } from "../status/status-error.ts";

const MAX_OPERATIONS = 10_000;
const MAX_COPIED_BYTES = 3 * 1024 * 1024;

/**
 * Applies an RFC 6902 patch to a copy of the object.
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
  const document = { root: structuredClone(object) };
  const budget = { left: MAX_COPIED_BYTES };
  for (const operation of patch) apply(document, operation, budget);
  return document.root;
}

type RawOperation = { op: string; path: string; from?: unknown; value?: unknown };

function apply(document: object, raw: unknown, budget: { left: number }): void {
  if (!isOperation(raw)) throw failed();
  const path = belowRoot(raw.path);
  const moves = raw.op === "move" || raw.op === "copy";
  const operation = { ...raw, path, ...(moves && { from: belowRoot(raw.from) }) };
  if (operation.op === "replace" && valueAt(document, path) === undefined) throw failed();
  if (operation.op === "copy") spend(budget, valueAt(document, String(operation.from)));
  const [failure] = attempt(document, operation as Operation);
  if (failure !== null) throw failed();
}

function attempt(document: object, operation: Operation): (Error | null)[] {
  try {
    return applyOperations(document, [operation]);
  } catch (error) {
    // The library assigns to a parent that may be a string or a number.
    if (error instanceof TypeError) return [error];
    throw error;
  }
}

const OPERATIONS = new Set(["add", "remove", "replace", "move", "copy", "test"]);

function isOperation(value: unknown): value is RawOperation {
  if (typeof value !== "object" || value === null) return false;
  const { op, path } = value as Partial<RawOperation>;
  return typeof op === "string" && OPERATIONS.has(op) && typeof path === "string";
}

/** The document sits below a root of ours, so that a patch may replace it as a whole. */
function belowRoot(path: unknown): string {
  const good = typeof path === "string" && (path === "" || path.startsWith("/"));
  if (!good || /(?:^|\/)(?:__proto__|constructor|prototype)(?:\/|$)/.test(path)) throw failed();
  return `/root${path}`;
}

function valueAt(document: object, path: string): unknown {
  return Pointer.fromJSON(path).get(document) as unknown;
}

/** Copies of copies grow exponentially: upstream bounds their sum too. */
function spend(budget: { left: number }, value: unknown): void {
  budget.left -= value === undefined ? 0 : JSON.stringify(value).length;
  if (budget.left >= 0) return;
  const message = `Unable to complete the copy, the accumulated size increase of copy is too large`;
  throw statusError(413, "RequestEntityTooLarge", message);
}

function failed(): StatusError {
  const message = "the server rejected our request due to an error in our request";
  return statusError(422, "Invalid", message, {});
}
