import type { Pod } from "@kubehop/api";

/** Why a pod is not Ready, as its status tells; for people. */
export function whyNotReady({ status }: Pod): string {
  const waiting = (status?.containerStatuses ?? []).flatMap(({ name, ready, state }) => {
    if (ready) return [];
    const reason = state?.waiting?.reason ?? state?.terminated?.reason;
    return reason === undefined ? [`container ${name} is not ready`] : [`${name}: ${reason}`];
  });
  const gate = (status?.conditions ?? []).find(
    ({ type, status: is }) => type === "Ready" && is !== "True",
  );
  const message = gate?.message ?? "";
  if (waiting.length > 0) return waiting.join(", ");
  return message === "" ? `phase ${status?.phase ?? "Unknown"}` : message;
}

/** Why a pod has no address. */
export function whyNoAddress(pod: Pod): string {
  const scheduled = (pod.status?.conditions ?? []).find(({ type }) => type === "PodScheduled");
  if ((pod.spec.nodeName ?? "") === "") {
    return scheduled?.message ?? "no node has been chosen for it yet";
  }
  return whyNotReady(pod);
}
