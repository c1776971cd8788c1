import {
  duplicate,
  forbiddenField,
  invalidValue,
  isQualifiedName,
  isValidLabelValue,
  Kinds,
  type Node,
  type StatusCause,
  type Taint,
} from "@kubehop/api";
import { familyOf, parseCidr } from "@kubehop/kit/addresses";
import { checkedText, requiredOneOf, requiredText } from "./common-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Node: its pod ranges are set once. */
export const nodeStrategy: Strategy<Node> = createStrategy(Kinds.Node, {
  statusOnCreate: true,
  defaults: (node) => {
    node.spec ??= {};
    const { podCIDR, podCIDRs } = node.spec;
    if (podCIDR !== undefined && podCIDRs === undefined) node.spec.podCIDRs = [podCIDR];
    const [first] = podCIDRs ?? [];
    if (podCIDR === undefined && first !== undefined) node.spec.podCIDR = first;
  },
  validate: ({ spec }) => [
    ...taintCauses(spec.taints ?? []),
    ...podCidrCauses(spec.podCIDR, spec.podCIDRs ?? []),
  ],
  validateUpdate: (next, old) => {
    const before = old.spec.podCIDRs ?? [];
    const after = next.spec.podCIDRs ?? [];
    if (before.length === 0 || before.join() === after.join()) return [];
    const why = 'node updates may not change podCIDR except from "" to valid';
    return [forbiddenField("spec.podCIDRs", why)];
  },
});

function podCidrCauses(podCIDR: string | undefined, podCIDRs: readonly string[]): StatusCause[] {
  const field = "spec.podCIDRs";
  const causes = podCIDRs.flatMap((text, index) => {
    const why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    return parseCidr(text) === undefined ? [invalidValue(`${field}[${index}]`, text, why)] : [];
  });
  if (podCIDR !== undefined && podCIDR !== podCIDRs[0]) {
    causes.push(invalidValue(field, podCIDRs, "must contain podCIDR at index 0"));
  }
  const families = podCIDRs.map((text) => familyOf(text.split("/")[0] ?? ""));
  if (new Set(families).size < podCIDRs.length) {
    const why = "may specify no more than one CIDR for each IP family";
    causes.push(invalidValue(field, podCIDRs, why));
  }
  return causes;
}

function taintCauses(taints: readonly Taint[]): StatusCause[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const field = `spec.taints[${index}]`;
    const { key, value, effect } = taint;
    const identity = `${key}:${effect}`;
    const repeated = seen.has(identity);
    seen.add(identity);
    return [
      ...requiredText(`${field}.key`, key, isQualifiedName),
      ...checkedText(`${field}.value`, value, isValidLabelValue),
      ...requiredOneOf(`${field}.effect`, effect, ["NoSchedule", "PreferNoSchedule", "NoExecute"]),
      ...(repeated ? [duplicate(field, taint)] : []),
    ];
  });
}
