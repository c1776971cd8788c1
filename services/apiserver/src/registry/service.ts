import { isDNS1123Label, Kinds, type IPFamily, type Service } from "@kubehop/api";
import { serviceUpdateCauses } from "./service-address-rules.ts";
import { normalizeClusterIPs, setFamilyDefaults, setServiceDefaults } from "./service-defaults.ts";
import { serviceCauses, serviceStatusCauses } from "./service-rules.ts";
import { dropTypeDependentFields, keepAllocatedValues } from "./service-update.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/**
 * Service. `families` are those the cluster has ranges for, the default first. Addresses and node
 * ports are not chosen here: the allocators do that after validation.
 */
export function createServiceStrategy(families: readonly IPFamily[]): Strategy<Service> {
  return createStrategy(Kinds.Service, {
    createOnUpdate: true,
    // A digit may come first since 1.36 (KEP-5311).
    validateName: isDNS1123Label,
    defaults: setServiceDefaults,
    prepareForCreate: (service) => {
      normalizeClusterIPs(service, undefined);
      setFamilyDefaults(service, undefined, families);
      service.status = { loadBalancer: {} };
    },
    prepareForUpdate: (service, old) => {
      keepAllocatedValues(service, old);
      normalizeClusterIPs(service, old);
      dropTypeDependentFields(service, old);
      setFamilyDefaults(service, old, families);
    },
    validate: (service) => serviceCauses(service, families),
    validateUpdate: serviceUpdateCauses,
    validateStatus: serviceStatusCauses,
    warnings: serviceWarnings,
  });
}

function serviceWarnings({ spec }: Service): string[] {
  const warnings: string[] = [];
  if ((spec.externalIPs ?? []).length > 0) {
    warnings.push(
      "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
    );
  }
  if (spec.trafficDistribution === "PreferClose") {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  if (spec.externalName !== undefined && spec.type !== "ExternalName") {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  const headlessAffinity = spec.clusterIP === "None" && spec.sessionAffinity === "ClientIP";
  if (headlessAffinity) {
    warnings.push("spec.SessionAffinity is ignored for headless services");
  }
  return warnings;
}
