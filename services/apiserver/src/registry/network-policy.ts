import {
  forbiddenField,
  invalidValue,
  isValidPortName,
  isValidPortNum,
  Kinds,
  required,
  type IPBlock,
  type NetworkPolicy,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type StatusCause,
} from "@kubehop/api";
import { type Cidr, parseCidr } from "@kubehop/kit/addresses";
import { oneOf } from "./common-rules.ts";
import { PROTOCOLS } from "./endpoint-slice.ts";
import { labelSelectorCauses } from "./label-selector.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

const NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/** NetworkPolicy (pkg/apis/networking/validation). */
export const networkPolicyStrategy: Strategy<NetworkPolicy> = createStrategy(Kinds.NetworkPolicy, {
  defaults: (policy) => {
    policy.spec ??= {};
    const { spec } = policy;
    spec.podSelector ??= {};
    const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])];
    for (const port of rules.flatMap(({ ports = [] }) => ports)) port.protocol ??= "TCP";
    const hasEgress = (spec.egress ?? []).length > 0;
    spec.policyTypes ??= hasEgress ? ["Ingress", "Egress"] : ["Ingress"];
  },
  validate: ({ spec = {} }) => [
    ...labelSelectorCauses("spec.podSelector", spec.podSelector ?? {}),
    ...(spec.ingress ?? []).flatMap(({ ports, from }, index) => [
      ...portsCauses(`spec.ingress[${index}].ports`, ports),
      ...peersCauses(`spec.ingress[${index}].from`, from),
    ]),
    ...(spec.egress ?? []).flatMap(({ ports, to }, index) => [
      ...portsCauses(`spec.egress[${index}].ports`, ports),
      ...peersCauses(`spec.egress[${index}].to`, to),
    ]),
    ...typeCauses("spec.policyTypes", spec.policyTypes ?? []),
  ],
});

function typeCauses(field: string, types: readonly string[]): StatusCause[] {
  if (types.length > 2) {
    return [invalidValue(field, types, "may not specify more than two policyTypes")];
  }
  return types.flatMap((type, index) => oneOf(`${field}[${index}]`, type, ["Egress", "Ingress"]));
}

function portsCauses(field: string, ports: readonly NetworkPolicyPort[] = []): StatusCause[] {
  return ports.flatMap(({ protocol, port, endPort }, index) => [
    ...oneOf(`${field}[${index}].protocol`, protocol, PROTOCOLS),
    ...portCauses(`${field}[${index}].port`, port),
    ...endPortCauses(`${field}[${index}].endPort`, endPort, port),
  ]);
}

function portCauses(field: string, port: number | string | undefined): StatusCause[] {
  if (port === undefined) return [];
  const wrong = typeof port === "number" ? isValidPortNum(port) : isValidPortName(port);
  return wrong.map((why) => invalidValue(field, port, why));
}

function endPortCauses(
  field: string,
  endPort: number | undefined,
  port: number | string | undefined,
): StatusCause[] {
  if (endPort === undefined) return [];
  const refuse = (why: string): StatusCause[] => [invalidValue(field, endPort, why)];
  if (port === undefined) return refuse("may not be specified when `port` is not specified");
  if (typeof port === "string") return refuse("may not be specified when `port` is non-numeric");
  return [
    ...(endPort < port ? refuse("must be greater than or equal to `port`") : []),
    ...isValidPortNum(endPort).flatMap(refuse),
  ];
}

function peersCauses(field: string, peers: readonly NetworkPolicyPeer[] = []): StatusCause[] {
  return peers.flatMap((peer, index) => peerCauses(`${field}[${index}]`, peer));
}

function peerCauses(
  field: string,
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
): StatusCause[] {
  const selectors = { podSelector, namespaceSelector };
  const causes = Object.entries(selectors).flatMap(([name, selector]) =>
    selector === undefined ? [] : labelSelectorCauses(`${field}.${name}`, selector),
  );
  if (ipBlock !== undefined) causes.push(...blockCauses(`${field}.ipBlock`, ipBlock));
  const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
  if (!hasSelector && ipBlock === undefined) causes.push(required(field, "must specify a peer"));
  if (hasSelector && ipBlock !== undefined) {
    causes.push(forbiddenField(field, "may not specify both ipBlock and another peer"));
  }
  return causes;
}

function blockCauses(field: string, { cidr = "", except = [] }: Partial<IPBlock>): StatusCause[] {
  if (cidr === "") return [required(`${field}.cidr`)];
  const whole = parseCidr(cidr);
  if (whole === undefined) return [invalidValue(`${field}.cidr`, cidr, NO_CIDR)];
  return except.flatMap((text, index) => {
    const at = `${field}.except[${index}]`;
    const part = parseCidr(text);
    if (part === undefined) return [invalidValue(at, text, NO_CIDR)];
    return isStrictlyInside(part, whole)
      ? []
      : [invalidValue(at, text, "must be a strict subset of `cidr`")];
  });
}

function isStrictlyInside(part: Cidr, whole: Cidr): boolean {
  return (
    part.family === whole.family &&
    part.size < whole.size &&
    part.base >= whole.base &&
    part.base < whole.base + whole.size
  );
}
