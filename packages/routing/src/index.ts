export {
  type AffinityMemory,
  type AffinityOptions,
  type AffinityReader,
  createAffinityMemory,
  NO_AFFINITY,
} from "./affinity.ts";
export {
  categorizeEndpoints,
  type EndpointCategories,
  type NodeTopology,
} from "./categorize-endpoints.ts";
export {
  acceptsFlows,
  decide,
  type Decision,
  type DropDecision,
  type ForwardDecision,
  type RejectDecision,
} from "./decide.ts";
export { type Address, type Flow, formatAddress, frontendKey, type Protocol } from "./flow.ts";
export { isProxied, serviceOfSlice } from "./proxied-services.ts";
export {
  collectEndpoints,
  type EndpointQuery,
  type IpFamily,
  type ServiceEndpoint,
} from "./service-endpoint.ts";
export {
  buildTable,
  createTableBuilder,
  type Frontend,
  type FrontendKind,
  type ProxyNode,
  type ServicePort,
  type ServiceTable,
  type TableBuilder,
  type TrafficPolicy,
} from "./service-table.ts";
export { isInRange, limitingRanges } from "./source-ranges.ts";
export { SharedMap } from "./shared-map.ts";
export { diffTables, type FrontendChange, sameTable, type TableDiff } from "./table-diff.ts";
export {
  buildEndpointSet,
  type Candidate,
  candidatesOf,
  type EndpointSet,
  NO_ENDPOINTS,
  pickEndpoint,
} from "./weighted-pick.ts";
