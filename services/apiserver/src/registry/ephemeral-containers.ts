import { forbiddenField, type EphemeralContainer, type Pod, type StatusCause } from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { podSpecCauses } from "./pod-rules.ts";
import { keepStored, type SubresourceStrategy } from "./strategy.ts";

const MIRROR = "kubernetes.io/config.mirror";

/**
 * pods/NAME/ephemeralcontainers: containers may be added to a pod that exists, and nothing else of
 * it changes (registry/core/pod podEphemeralContainersStrategy).
 */
export const ephemeralContainersStrategy: SubresourceStrategy<Pod> = {
  prepareForUpdate(pod, old) {
    const { ephemeralContainers } = pod.spec;
    keepStored(pod, old);
    if (ephemeralContainers === undefined) delete pod.spec.ephemeralContainers;
    else pod.spec.ephemeralContainers = ephemeralContainers;
  },
  validateUpdate(pod, old) {
    if (old.metadata.annotations?.[MIRROR] !== undefined) {
      return [forbiddenField("", "static pods do not support ephemeral containers")];
    }
    return [...podSpecCauses("spec", pod.spec), ...changeCauses(pod, old)];
  },
};

/** A patch may change their order: each is looked at by its name. */
function changeCauses({ spec }: Pod, old: Pod): StatusCause[] {
  const next = new Map((spec.ephemeralContainers ?? []).map((one) => [one.name, one]));
  return (old.spec.ephemeralContainers ?? []).flatMap((before) => {
    const after = next.get(before.name);
    if (after !== undefined && isDeepStrictEqual(after, before)) return [];
    const what = `existing ephemeral containers ${JSON.stringify(before.name)} may not be`;
    const why =
      after === undefined
        ? `${what} removed\n`
        : `${what} changed\n${changedFields(after, before).join(", ")}`;
    return [forbiddenField("spec.ephemeralContainers", why)];
  });
}

/** Upstream shows a difference of Go structs here; the names of what differs say as much. */
function changedFields(after: EphemeralContainer, before: EphemeralContainer): string[] {
  const [now, then] = [new Map(Object.entries(after)), new Map(Object.entries(before))];
  const names = new Set([...now.keys(), ...then.keys()]);
  return [...names].filter((name) => !isDeepStrictEqual(now.get(name), then.get(name))).sort();
}
