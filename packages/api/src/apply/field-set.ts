import type { FreeForm } from "../schema.ts";
import { fieldNameOf, formatPath, type PathElement, parseElement } from "./path-element.ts";

/**
 * A set of paths, as a tree: `members` are the paths that end here, `children` lead to longer ones.
 * No child is empty.
 */
export interface FieldSet {
  readonly members: ReadonlySet<PathElement>;
  readonly children: ReadonlyMap<PathElement, FieldSet>;
}

/** A set that is being built. */
export interface FieldSetBuilder {
  readonly members: Set<PathElement>;
  readonly children: Map<PathElement, FieldSet>;
}

/** The set without paths. */
export const NO_FIELDS: FieldSet = { members: new Set(), children: new Map() };

/** Deepest fieldsV1 that is read; objects are not nested deeper. */
const MAX_DEPTH = 1_000;

/** An empty set to fill. */
export function createFieldSet(): FieldSetBuilder {
  return { members: new Set(), children: new Map() };
}

/** Hangs a set below a step, unless it is empty. */
export function addChild(set: FieldSetBuilder, element: PathElement, child: FieldSet): void {
  if (!isEmpty(child)) set.children.set(element, child);
}

/** The set of these paths. */
export function fieldSetOf(...paths: readonly (readonly PathElement[])[]): FieldSet {
  return paths.reduce<FieldSet>((set, path) => union(set, single(path)), NO_FIELDS);
}

/** Whether there is no path in the set. */
export function isEmpty({ members, children }: FieldSet): boolean {
  return members.size === 0 && children.size === 0;
}

/** Paths in either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const other = children.get(element);
    children.set(element, other === undefined ? child : union(other, child));
  }
  return { members: new Set([...a.members, ...b.members]), children };
}

/** Paths in both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result = createFieldSet();
  for (const element of a.members) if (b.members.has(element)) result.members.add(element);
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other !== undefined) addChild(result, element, intersection(child, other));
  }
  return result;
}

/** Paths of `a` that are not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a;
  const result = withoutMembers(a, b);
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    addChild(result, element, other === undefined ? child : difference(child, other));
  }
  return result;
}

/** Paths of `a` that are neither in `b` nor below one of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(b)) return a;
  const result = withoutMembers(a, b);
  for (const [element, child] of a.children) {
    if (b.members.has(element)) continue;
    const other = b.children.get(element);
    addChild(result, element, other === undefined ? child : recursiveDifference(child, other));
  }
  return result;
}

/** Whether both sets have the same paths. */
export function isSame(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  if (a.members.size !== b.members.size || a.children.size !== b.children.size) return false;
  if (![...a.members].every((element) => b.members.has(element))) return false;
  return [...a.children].every(([element, child]) => {
    const other = b.children.get(element);
    return other !== undefined && isSame(child, other);
  });
}

/** The paths of a set as text: `.spec.replicas`. */
export function pathsOf(set: FieldSet): string[] {
  const paths: string[] = [];
  collect(set, [], paths);
  return paths;
}

/** The set as `fieldsV1` holds it. */
export function toFieldsV1(set: FieldSet): FreeForm {
  const { members, children } = set;
  const fields: FreeForm = {};
  for (const element of elementsOf(set)) {
    const child = children.get(element);
    if (child === undefined) fields[element] = {};
    else
      fields[element] = members.has(element)
        ? { ".": {}, ...toFieldsV1(child) }
        : toFieldsV1(child);
  }
  return fields;
}

/** The set in a `fieldsV1`; undefined when that is none. */
export function fromFieldsV1(fields: unknown, depth = 0): FieldSet | undefined {
  if (typeof fields !== "object" || fields === null || depth > MAX_DEPTH) return undefined;
  const set = createFieldSet();
  for (const [text, below] of Object.entries(fields)) {
    if (text === ".") continue;
    const element = parseElement(text);
    const child = fromFieldsV1(below, depth + 1);
    if (element === undefined || child === undefined) return undefined;
    if (isEmpty(child) || Object.hasOwn(below as object, ".")) set.members.add(element);
    addChild(set, element, child);
  }
  return set;
}

function withoutMembers(a: FieldSet, b: FieldSet): FieldSetBuilder {
  const set = createFieldSet();
  for (const element of a.members) if (!b.members.has(element)) set.members.add(element);
  return set;
}

function single([first, ...rest]: readonly PathElement[]): FieldSet {
  const set = createFieldSet();
  if (first === undefined) return set;
  if (rest.length === 0) set.members.add(first);
  else set.children.set(first, single(rest));
  return set;
}

function collect(set: FieldSet, path: readonly PathElement[], paths: string[]): void {
  for (const element of elementsOf(set)) {
    const here = [...path, element];
    if (set.members.has(element)) paths.push(formatPath(here));
    const child = set.children.get(element);
    if (child !== undefined) collect(child, here, paths);
  }
}

/** The first steps of all paths in order, each once: a step may be a path itself and lead on. */
function elementsOf({ members, children }: FieldSet): PathElement[] {
  return [...new Set([...members, ...children.keys()])].toSorted(byName);
}

/** Fields come before items, each by name. */
function byName(a: PathElement, b: PathElement): number {
  const fieldFirst = Number(fieldNameOf(a) === undefined) - Number(fieldNameOf(b) === undefined);
  return fieldFirst === 0 ? (a < b ? -1 : 1) : fieldFirst;
}
