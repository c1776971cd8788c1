import type { Node, Pod, Taint, Toleration } from "@kubehop/api";

/** A taint for whoever asks whether it is tolerated. */
export type TaintIdentity = Pick<Taint, "key" | "effect"> & { readonly value?: string };

/** Whether one of the pod's tolerations accepts a taint. */
export function tolerates({ spec }: Pod, taint: TaintIdentity): boolean {
  return (spec.tolerations ?? []).some((toleration) => accepts(toleration, taint));
}

/** Whether a toleration accepts a taint; one without key and with Exists accepts all. */
export function accepts(toleration: Toleration, taint: TaintIdentity): boolean {
  const { key = "", effect, operator = "Equal", value = "" } = toleration;
  if (effect !== undefined && (effect as string) !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return key !== "" && value === (taint.value ?? "");
}

/** The node's taints with those of the given keys replaced by `wanted`; order is kept. */
export function withTaints(
  { spec }: Node,
  keys: ReadonlySet<string>,
  wanted: readonly Taint[],
): Taint[] {
  const before = spec.taints ?? [];
  const isSame = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;
  const kept = before.filter(
    (taint) => !keys.has(taint.key) || wanted.some((one) => isSame(one, taint)),
  );
  return [...kept, ...wanted.filter((one) => !kept.some((taint) => isSame(one, taint)))];
}
