import {
  invalidValue,
  isDNS1123Subdomain,
  Kinds,
  required,
  type IPAddress,
  type ServiceCIDR,
  type StatusCause,
} from "@kubehop/api";
import { familyOf, formatAddress, parseAddress, parseCidr } from "@kubehop/kit/addresses";
import { checkedText, immutable, requiredText } from "./common-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** IPAddress: the name is the address in canonical form, the parent never changes. */
export const ipAddressStrategy: Strategy<IPAddress> = createStrategy(Kinds.IPAddress, {
  validateName: canonicalAddress,
  defaults: (address) => {
    address.spec ??= {};
  },
  validate: ({ spec: { parentRef } }) => {
    if (parentRef === undefined) return [required("spec.parentRef")];
    const field = "spec.parentRef";
    return [
      ...checkedText(`${field}.group`, parentRef.group, isDNS1123Subdomain),
      ...requiredText(`${field}.resource`, parentRef.resource),
      ...checkedText(`${field}.namespace`, parentRef.namespace, isDNS1123Subdomain),
      ...requiredText(`${field}.name`, parentRef.name),
    ];
  },
  validateUpdate: (next, old) =>
    immutable("spec.parentRef", next.spec.parentRef, old.spec.parentRef),
});

/** ServiceCIDR: one range, or one of each family; immutable but for adding the second. */
export const serviceCidrStrategy: Strategy<ServiceCIDR> = createStrategy(Kinds.ServiceCIDR, {
  defaults: (cidr) => {
    cidr.spec ??= {};
  },
  validate: ({ spec }) => cidrCauses(spec.cidrs ?? []),
  validateUpdate: (next, old) => {
    const cidrs = next.spec.cidrs ?? [];
    const before = old.spec.cidrs ?? [];
    const added = before.length === 1 && cidrs.length === 2 && cidrs[0] === before[0];
    return added ? [] : immutable("spec.cidrs", cidrs, before);
  },
});

function canonicalAddress(name: string): string[] {
  const address = parseAddress(name);
  if (address === undefined)
    return ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];
  const canonical = formatAddress(address);
  return canonical === name ? [] : [`must be a valid IP address in canonical form: ${canonical}`];
}

function cidrCauses(cidrs: readonly string[]): StatusCause[] {
  const field = "spec.cidrs";
  if (cidrs.length === 0) return [required(field, "at least one CIDR required")];
  if (cidrs.length > 2) {
    return [invalidValue(field, cidrs, "may only hold up to 2 values")];
  }
  const causes = cidrs.flatMap((text, index) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) {
      const why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
      return [invalidValue(`${field}[${index}]`, text, why)];
    }
    const why = "must be a valid CIDR value in canonical form";
    return cidr.text === text ? [] : [invalidValue(`${field}[${index}]`, text, why)];
  });
  const families = cidrs.map((text) => familyOf(text.split("/")[0] ?? ""));
  if (causes.length > 0 || new Set(families).size === cidrs.length) return causes;
  const why = "must have one CIDR of each IP family (IPv4 and IPv6)";
  return [invalidValue(field, cidrs, why)];
}
