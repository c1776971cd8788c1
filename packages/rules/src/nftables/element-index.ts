import { elementText, keyText } from "./command-text.ts";
import type { Element } from "./elements.ts";

/** What must be done to one element of a shared set or map. */
export interface ElementChange {
  /** What must go first. */
  readonly deleted?: Element;
  /** What is added; absent when it only goes. */
  readonly added?: Element;
}

/**
 * Which service ports want which elements. Ports of one Service share its cluster IP and Services
 * share endpoints, so an element goes only with the last one that wants it.
 */
export interface ElementIndex {
  /** Puts a service port's elements in place of those it wanted before. */
  set(owner: string, elements: readonly Element[]): void;
  /** What has changed since the last call. */
  takeChanges(): ElementChange[];
  /** Every element, once. */
  all(): Element[];
}

/** Creates an index without elements. */
export function createElementIndex(): ElementIndex {
  const owned = new Map<string, readonly Element[]>();
  const wanted = new Map<string, Map<string, Element>>();
  /** By identity, what was there when it was first touched after the last call. */
  const touched = new Map<string, Element | undefined>();
  const idOf = (element: Element): string => `${element.of} ${keyText(element)}`;
  const firstOf = (id: string): Element | undefined => wanted.get(id)?.values().next().value;

  function touch(id: string): void {
    if (!touched.has(id)) touched.set(id, firstOf(id));
  }

  function drop(owner: string, element: Element): void {
    const id = idOf(element);
    touch(id);
    const owners = wanted.get(id);
    owners?.delete(owner);
    if (owners?.size === 0) wanted.delete(id);
  }

  function add(owner: string, element: Element): void {
    const id = idOf(element);
    touch(id);
    const owners = wanted.get(id) ?? new Map<string, Element>();
    wanted.set(id, owners.set(owner, element));
  }

  return {
    set(owner, elements) {
      for (const element of owned.get(owner) ?? []) drop(owner, element);
      for (const element of elements) add(owner, element);
      if (elements.length === 0) owned.delete(owner);
      else owned.set(owner, elements);
    },
    takeChanges() {
      const changes = [...touched].flatMap(([id, before]): ElementChange[] => {
        const after = firstOf(id);
        if (sameElement(before, after)) return [];
        return [{ ...(before && { deleted: before }), ...(after && { added: after }) }];
      });
      touched.clear();
      return changes;
    },
    all: () => [...wanted.keys()].flatMap((id) => firstOf(id) ?? []),
  };
}

function sameElement(a: Element | undefined, b: Element | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return elementText(a) === elementText(b);
}
