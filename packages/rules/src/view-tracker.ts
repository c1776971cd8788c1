import type { Frontend, TableDiff } from "@kubehop/routing";
import { familyOf, type RulesContext } from "./rules-options.ts";
import { type ServiceView, viewOfFrontends } from "./service-view.ts";

/** A service port that has changed. */
export interface ViewChange {
  /** The service port's key in the table. */
  readonly key: string;
  /** What it is now; absent when it has left. */
  readonly view?: ServiceView;
}

/** Keeps the frontends of each service port, so that a change costs what it changes. */
export interface ViewTracker {
  /** Takes in what differs from the table before; gives the service ports it touches. */
  update(diff: TableDiff): ViewChange[];
}

/** Creates a tracker of one IP family's service ports, without any yet. */
export function createViewTracker(context: RulesContext): ViewTracker {
  const groups = new Map<string, Map<string, Frontend>>();
  const isOurs = ({ ip }: Frontend): boolean => familyOf(ip) === context.family;

  function put(frontend: Frontend): string {
    const { key } = frontend.service;
    const group = groups.get(key) ?? new Map<string, Frontend>();
    groups.set(key, group.set(frontend.key, frontend));
    return key;
  }

  function drop({ key, service }: Frontend): string {
    groups.get(service.key)?.delete(key);
    return service.key;
  }

  return {
    update({ added, removed, changed }) {
      const before = [...removed, ...changed.map(({ previous }) => previous)].filter(isOurs);
      const after = [...changed.map(({ current }) => current), ...added].filter(isOurs);
      const touched = new Set([...before.map(drop), ...after.map(put)]);
      return [...touched].map((key) => {
        const frontends = [...(groups.get(key)?.values() ?? [])];
        if (frontends.length > 0) return { key, view: viewOfFrontends(frontends, context) };
        groups.delete(key);
        return { key };
      });
    },
  };
}
