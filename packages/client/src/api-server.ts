// What talks to the API server, without the bus: for those that never see the latter.

export { loadKubeconfig, parseKubeconfig } from "./kubeconfig.ts";
export { createRestClient, type PatchType, type RestClient, type WatchOptions } from "./rest.ts";
export { type ListSelection, type ObjectRef } from "./rest-path.ts";
export {
  type RestOptions,
  type RestRequest,
  type RestResponse,
  ServerUnreachable,
} from "./rest-transport.ts";
export { type WatchEvent } from "./rest-watch.ts";
