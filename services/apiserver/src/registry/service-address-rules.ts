import {
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  type IPFamily,
  type Service,
  type ServiceSpec,
  type StatusCause,
} from "@kubehop/api";
import { familyOf } from "@kubehop/kit/addresses";
import { oneOf } from "./common-rules.ts";
import { ipCauses } from "./ip-rules.ts";
import { isBareHeadless, isExternalName, isHeadless, needsClusterIP } from "./service-traits.ts";

const FIELD = "spec.clusterIPs";
const FAMILIES: readonly IPFamily[] = ["IPv4", "IPv6"];
const FAMILY_POLICIES = ["SingleStack", "PreferDualStack", "RequireDualStack"];

/** Rules of clusterIP and clusterIPs. */
export function clusterIPCauses(service: Service): StatusCause[] {
  const { type, clusterIP, clusterIPs = [] } = service.spec;
  if (isExternalName(service)) {
    const set = clusterIP !== undefined || clusterIPs.length > 0;
    return set ? [forbiddenField(FIELD, "may not be set for ExternalName services")] : [];
  }
  if (clusterIP === undefined) {
    const why = "must be empty when `clusterIP` is not specified";
    return clusterIPs.length > 0 ? [forbiddenField(FIELD, why)] : [];
  }
  if (clusterIPs[0] !== clusterIP) {
    const why = "first value must match `clusterIP`";
    return [invalidValue(FIELD, clusterIPs, why)];
  }
  if (isHeadless(service) && type !== "ClusterIP") {
    const why = `may not be set to 'None' for ${type ?? ""} services`;
    return [invalidValue(`${FIELD}[0]`, "None", why)];
  }
  return valueCauses(clusterIPs);
}

function valueCauses(clusterIPs: readonly string[]): StatusCause[] {
  if (clusterIPs.length > 2) {
    return [invalidValue(FIELD, clusterIPs, "may only hold up to 2 values")];
  }
  if (clusterIPs[0] === "None") {
    const why = "'None' must be the first and only value";
    return clusterIPs.length > 1 ? [invalidValue(FIELD, clusterIPs, why)] : [];
  }
  const causes = clusterIPs.flatMap((ip, index) => ipCauses(`${FIELD}[${index}]`, ip));
  const families = new Set(clusterIPs.map((ip) => familyOf(ip)));
  if (causes.length > 0 || families.size === clusterIPs.length) return causes;
  const why = "may specify no more than one IP for each IP family";
  return [invalidValue(FIELD, clusterIPs, why)];
}

/** Rules of ipFamilies and ipFamilyPolicy; `configured` are the families of the cluster. */
export function familiesCauses(service: Service, configured: readonly IPFamily[]): StatusCause[] {
  const { ipFamilies = [], ipFamilyPolicy } = service.spec;
  if (isExternalName(service)) return externalNameCauses(service);
  const causes = oneOf("spec.ipFamilyPolicy", ipFamilyPolicy, FAMILY_POLICIES);
  const bare = isBareHeadless(service);
  ipFamilies.forEach((family, index) => {
    const field = `spec.ipFamilies[${index}]`;
    if (!FAMILIES.includes(family)) causes.push(notSupported(field, family, FAMILIES));
    else if (!bare && !configured.includes(family)) {
      causes.push(invalidValue(field, family, "not configured on this cluster"));
    }
    const ip = service.spec.clusterIPs?.[index];
    if (ip !== undefined && familyOf(ip) !== undefined && familyOf(ip) !== family) {
      const why = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
      causes.push(invalidValue(`${FIELD}[${index}]`, ip, why));
    }
  });
  if (ipFamilies.length > 1 && ipFamilies[0] === ipFamilies[1]) {
    causes.push(invalidValue("spec.ipFamilies", ipFamilies, "may not contain duplicate families"));
  }
  return [...causes, ...policyCauses(service, configured, bare)];
}

function policyCauses(
  { spec }: Service,
  configured: readonly IPFamily[],
  bare: boolean,
): StatusCause[] {
  const field = "spec.ipFamilyPolicy";
  const { ipFamilies = [], clusterIPs = [], ipFamilyPolicy } = spec;
  if (ipFamilyPolicy === "RequireDualStack" && configured.length < 2 && !bare) {
    const why = "this cluster is not configured for dual-stack services";
    return [invalidValue(field, ipFamilyPolicy, why)];
  }
  if (ipFamilyPolicy !== "SingleStack") return [];
  const many = ipFamilies.length > 1 ? "ipFamilies" : "clusterIPs";
  if (ipFamilies.length < 2 && clusterIPs.length < 2) return [];
  const why = `must be 'RequireDualStack' or 'PreferDualStack' when multiple \`${many}\` are specified`;
  return [invalidValue(field, ipFamilyPolicy, why)];
}

function externalNameCauses({ spec }: Service): StatusCause[] {
  const why = "may not be set for ExternalName services";
  return [
    ...(spec.ipFamilies === undefined ? [] : [forbiddenField("spec.ipFamilies", why)]),
    ...(spec.ipFamilyPolicy === undefined ? [] : [forbiddenField("spec.ipFamilyPolicy", why)]),
  ];
}

/** What must not change on update: the addresses, unless either side has none by its type. */
export function serviceUpdateCauses(next: Service, old: Service): StatusCause[] {
  const causes: StatusCause[] = [];
  if (needsClusterIP(old) && needsClusterIP(next)) causes.push(...changedAddressCauses(next, old));
  const port = next.spec.healthCheckNodePort;
  const before = old.spec.healthCheckNodePort;
  if (port !== undefined && before !== undefined && port !== before) {
    causes.push(invalidValue("spec.healthCheckNodePort", port, "field is immutable"));
  }
  const { type, loadBalancerClass } = next.spec;
  const wasBalanced = type === "LoadBalancer" && old.spec.type === "LoadBalancer";
  if (wasBalanced && loadBalancerClass !== old.spec.loadBalancerClass) {
    const why = "may not change once set";
    causes.push(invalidValue("spec.loadBalancerClass", loadBalancerClass, why));
  }
  return causes;
}

function changedAddressCauses({ spec: next }: Service, { spec: old }: Service): StatusCause[] {
  const after = next.clusterIPs ?? [];
  const [first, second] = old.clusterIPs ?? [];
  if (first !== undefined && after.length === 0) {
    return [required(`${FIELD}[0]`, "primary clusterIP can not be unset")];
  }
  return [
    ...fixedAddressCauses(0, first, after),
    ...(after[1] === undefined
      ? releasedAddressCauses(next, second)
      : fixedAddressCauses(1, second, after)),
    ...primaryFamilyCauses(next, old),
  ];
}

function releasedAddressCauses(
  { ipFamilyPolicy }: ServiceSpec,
  second: string | undefined,
): StatusCause[] {
  if (second === undefined || ipFamilyPolicy === "SingleStack") return [];
  const why = "must be 'SingleStack' to release the secondary cluster IP";
  return [invalidValue("spec.ipFamilyPolicy", ipFamilyPolicy, why)];
}

function primaryFamilyCauses(next: ServiceSpec, old: ServiceSpec): StatusCause[] {
  const [family] = old.ipFamilies ?? [];
  const [after] = next.ipFamilies ?? [];
  if (family === undefined || after === family) return [];
  return [invalidValue("spec.ipFamilies[0]", after, "may not change once set")];
}

function fixedAddressCauses(
  index: number,
  old: string | undefined,
  after: readonly string[],
): StatusCause[] {
  if (old === undefined || after[index] === old) return [];
  return [invalidValue(`${FIELD}[${index}]`, after, "may not change once set")];
}
