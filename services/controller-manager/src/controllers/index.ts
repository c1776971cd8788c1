import type { Controller } from "./controller.ts";
import { clusterRoleAggregationController } from "./cluster-role-aggregation.ts";
import { cronJobController } from "./cron-job/index.ts";
import { daemonSetController } from "./daemon-set/index.ts";
import { deploymentController } from "./deployment/index.ts";
import { disruptionController } from "./disruption.ts";
import { endpointSliceMirroringController } from "./endpoint-slice-mirroring/index.ts";
import { endpointSliceController } from "./endpoint-slice/index.ts";
import { endpointsController } from "./endpoints/index.ts";
import { garbageCollector } from "./garbage-collector/index.ts";
import { jobController } from "./job/index.ts";
import { loadBalancerController } from "./load-balancer/index.ts";
import { loadBalancerRoutesController } from "./load-balancer/routes.ts";
import { namespaceController } from "./namespace.ts";
import { nodeLifecycleController } from "./node-lifecycle/index.ts";
import { podGarbageCollector } from "./pod-gc.ts";
import { replicaSetController, replicationController } from "./replica-set/index.ts";
import { rootCaController } from "./root-ca.ts";
import { schedulerController } from "./scheduler/index.ts";
import { serviceAccountController } from "./service-account.ts";
import { statefulSetController } from "./stateful-set/index.ts";

/** THE table: every loop of the controller manager. A new controller is a line here. */
export const controllers: readonly Controller[] = [
  endpointSliceController,
  endpointSliceMirroringController,
  endpointsController,
  loadBalancerController,
  loadBalancerRoutesController,
  deploymentController,
  replicaSetController,
  replicationController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  schedulerController,
  nodeLifecycleController,
  namespaceController,
  garbageCollector,
  podGarbageCollector,
  serviceAccountController,
  rootCaController,
  disruptionController,
  clusterRoleAggregationController,
];
