export { type Bus, type BusOptions, connectBus } from "./bus/connection.ts";
export {
  type BusPasswords,
  type BusUser,
  type BusUserName,
  busUsers,
  natsServerConfig,
  type NatsServerOptions,
} from "./bus/permissions.ts";
export { type RegistryEntry } from "./bus/registry-entry.ts";
export { openRegistry, type RegistryWriter, RevisionMismatch } from "./bus/registry.ts";
export { type RegistryWatchOptions, watchRegistry } from "./bus/registry-watch.ts";
export { type ControllerOptions, runController } from "./controller.ts";
export { createEventRecorder, type EventRecorder, type EventSubject } from "./event-recorder.ts";
export {
  createHopTracer,
  type HopDetails,
  type HopTracer,
  type HopTracerOptions,
} from "./hop-tracer.ts";
export { type Change, createInformer, type Informer, type InformerOptions } from "./informer.ts";
export { loadKubeconfig, parseKubeconfig } from "./kubeconfig.ts";
export { type LeaderElectionOptions, runLeaderElection } from "./leader-election.ts";
export { findLease, type LeaseClaim, microTime, renewLease } from "./lease.ts";
export { type Clock, type Logger } from "./logger.ts";
export { createRestClient, type PatchType, type RestClient, type WatchOptions } from "./rest.ts";
export { type ListSelection, type ObjectRef } from "./rest-path.ts";
export {
  type RestOptions,
  type RestRequest,
  type RestResponse,
  ServerUnreachable,
} from "./rest-transport.ts";
export { type WatchEvent } from "./rest-watch.ts";
export {
  createStore,
  type IndexFunction,
  type Store,
  type Stored,
  type WritableStore,
} from "./store.ts";
export {
  createWorkQueue,
  type WorkQueue,
  type WorkQueueMetrics,
  type WorkQueueOptions,
} from "./workqueue.ts";
