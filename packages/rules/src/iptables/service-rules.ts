import type { ServiceView } from "../service-view.ts";
import { dispatchRules, filterRules } from "./dispatch-rules.ts";
import { buildChains, type Chain, type ChainContext } from "./service-chains.ts";

/** With more endpoints upstream leaves out the comments of endpoint rules, 40 % of the text. */
const LARGE_CLUSTER_ENDPOINTS = 1_000;

/** All rules of one service port. */
export interface ServiceRules {
  /** Rules in chains of table filter that all Services share. */
  readonly filter: readonly string[];
  /** Rules in chains of table nat that all Services share. */
  readonly nat: readonly string[];
  /** Chains of table nat that are its own. */
  readonly chains: readonly Chain[];
}

/** The rules of one service port. */
export function serviceRules(view: ServiceView, context: ChainContext): ServiceRules {
  return {
    filter: filterRules(view),
    nat: dispatchRules(view),
    chains: buildChains(view, context),
  };
}

/** Whether a cluster with so many endpoints is a large one. */
export function isLargeCluster(endpoints: number): boolean {
  return endpoints > LARGE_CLUSTER_ENDPOINTS;
}
