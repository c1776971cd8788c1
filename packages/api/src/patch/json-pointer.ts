import { isObject, ownValue, setOwn } from "./merge-patch.ts";

/** The steps of a JSON pointer (RFC 6901): names of fields, indices of lists or `-`. */
export type JsonPointer = readonly string[];

/** Where a pointer fails: what it names is not there, or can't be. */
export class PointerError extends Error {
  override readonly name = "PointerError";
}

const INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** Reads a pointer; throws PointerError. */
export function parsePointer(text: unknown): JsonPointer {
  if (text === "") return [];
  if (typeof text !== "string" || !text.startsWith("/")) throw new PointerError("no JSON pointer");
  const steps = text.slice(1).split("/");
  return steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value a pointer leads to; throws PointerError when there is none. */
export function getAt(root: unknown, pointer: JsonPointer): unknown {
  return pointer.reduce((value, step) => {
    const child = childOf(value, step);
    if (child === undefined) throw new PointerError(`nothing at ${step}`);
    return child;
  }, root);
}

/** Adds a field or inserts an item below a container that must be there. */
export function addAt(root: unknown, pointer: JsonPointer, value: unknown): void {
  const { parent, step } = parentOf(root, pointer);
  if (isObject(parent)) return setOwn(parent, step, value);
  if (!Array.isArray(parent)) throw new PointerError(`no fields below ${step}`);
  const index = step === "-" ? parent.length : indexOf(step);
  if (index > parent.length) throw new PointerError(`${step} is beyond the list`);
  parent.splice(index, 0, value);
}

/** Replaces a value that must be there. */
export function replaceAt(root: unknown, pointer: JsonPointer, value: unknown): void {
  getAt(root, pointer);
  const { parent, step } = parentOf(root, pointer);
  setOwn(parent as Record<string, unknown>, step, value);
}

/** Removes a value that must be there, and gives it. */
export function removeAt(root: unknown, pointer: JsonPointer): unknown {
  const value = getAt(root, pointer);
  const { parent, step } = parentOf(root, pointer);
  if (Array.isArray(parent)) parent.splice(indexOf(step), 1);
  else delete (parent as Record<string, unknown>)[step];
  return value;
}

/** How many items an insertion or removal at a pointer can move. */
export function itemsAt(root: unknown, pointer: JsonPointer): number {
  const { parent } = parentOf(root, pointer);
  return Array.isArray(parent) ? parent.length : 0;
}

function parentOf(root: unknown, pointer: JsonPointer): { parent: unknown; step: string } {
  const step = pointer.at(-1);
  if (step === undefined) throw new PointerError("the whole document has no parent");
  return { parent: getAt(root, pointer.slice(0, -1)), step };
}

function childOf(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return INDEX.test(step) ? (value[Number(step)] as unknown) : undefined;
  return isObject(value) ? ownValue(value, step) : undefined;
}

function indexOf(step: string): number {
  if (!INDEX.test(step)) throw new PointerError(`${step} is no index`);
  return Number(step);
}
