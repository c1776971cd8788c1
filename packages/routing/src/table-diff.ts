import type { ServiceEndpoint } from "./service-endpoint.ts";
import type { Frontend, ServicePort, ServiceTable } from "./service-table.ts";
import { SharedMap } from "./shared-map.ts";
import type { EndpointSet } from "./weighted-pick.ts";

/** What a data plane must do to get from one table to the next. */
export interface TableDiff {
  readonly added: readonly Frontend[];
  readonly removed: readonly Frontend[];
  readonly changed: readonly FrontendChange[];
}

/** A frontend whose endpoints, policy or affinity differ. */
export interface FrontendChange {
  readonly previous: Frontend;
  readonly current: Frontend;
}

/**
 * Compares two tables frontend by frontend; `undefined` stands for the empty table. Frontends that
 * mean the same are in none of the lists, whatever the tables' revisions are.
 */
export function diffTables(previous: ServiceTable | undefined, current: ServiceTable): TableDiff {
  const before = previous?.frontends ?? new SharedMap<Frontend>();
  const added: Frontend[] = [];
  const removed: Frontend[] = [];
  const changed: FrontendChange[] = [];
  for (const key of current.frontends.keysUnlike(before)) {
    const [known, frontend] = [before.get(key), current.frontends.get(key)];
    if (frontend === undefined) removed.push(...(known === undefined ? [] : [known]));
    else if (known === undefined) added.push(frontend);
    else if (!sameFrontend(known, frontend)) changed.push({ previous: known, current: frontend });
  }
  return { added, removed, changed };
}

/** Whether two tables serve the same frontends in the same way. */
export function sameTable(a: ServiceTable, b: ServiceTable): boolean {
  const { added, removed, changed } = diffTables(a, b);
  return added.length === 0 && removed.length === 0 && changed.length === 0;
}

function sameFrontend(a: Frontend, b: Frontend): boolean {
  if (a === b) return true;
  return a.kind === b.kind && a.policy === b.policy && sameService(a.service, b.service);
}

function sameService(a: ServicePort, b: ServicePort): boolean {
  if (a === b) return true;
  return (
    a.key === b.key &&
    a.affinityTimeoutMs === b.affinityTimeoutMs &&
    a.anywhere === b.anywhere &&
    a.healthCheckNodePort === b.healthCheckNodePort &&
    sameRanges(a.sourceRanges, b.sourceRanges) &&
    sameSet(a.cluster, b.cluster) &&
    sameSet(a.local, b.local) &&
    a.serving.size === b.serving.size &&
    [...a.serving].every((key) => b.serving.has(key))
  );
}

function sameRanges(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((range, i) => range === b[i]);
}

function sameSet(a: EndpointSet, b: EndpointSet): boolean {
  const [left, right] = [a.endpoints, b.endpoints];
  return left.length === right.length && left.every((endpoint, i) => same(endpoint, right[i]));
}

function same(a: ServiceEndpoint, b: ServiceEndpoint | undefined): boolean {
  return a.key === b?.key && a.weight === b.weight;
}
