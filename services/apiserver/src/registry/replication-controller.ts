import { Kinds, required, type ReplicationController, type StatusCause } from "@kubehop/api";
import { createStrategy, type Strategy } from "./strategy.ts";
import { setWorkloadDefaults, workloadCauses } from "./workload-rules.ts";

/** ReplicationController: its selector is a map, and by default the template's labels. */
export const replicationControllerStrategy: Strategy<ReplicationController> = createStrategy(
  Kinds.ReplicationController,
  {
    defaults: (controller) => {
      controller.spec ??= {} as ReplicationController["spec"];
      const { spec, metadata } = controller;
      setWorkloadDefaults(spec);
      const { labels } = spec.template.metadata ?? {};
      if (labels === undefined) return;
      if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
      if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
    },
    prepareForCreate: (controller) => {
      controller.status = { replicas: 0 };
    },
    validate: ({ spec }) => controllerCauses(spec),
  },
);

function controllerCauses({
  selector = {},
  ...spec
}: ReplicationController["spec"]): StatusCause[] {
  if (Object.keys(selector).length === 0) return [required("spec.selector")];
  return workloadCauses({ ...spec, selector: { matchLabels: selector } }, "deployment");
}
