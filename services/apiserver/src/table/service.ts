import type { Service } from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, formatLabels, NAME, orNone, type Printer, wide } from "./printer.ts";

/** Columns of `kubectl get services`. */
export const servicePrinter: Printer<Service> = {
  columns: [
    NAME,
    column("Type", "How the Service is exposed."),
    column("Cluster-IP", "The virtual IP address of the Service."),
    column("External-IP", "Addresses under which clients outside the cluster reach it."),
    column("Port(s)", "The ports the Service listens on, with their node ports."),
    AGE,
    wide("Selector", "Labels of the pods that serve it."),
  ],
  row: (service, now) => ({
    cells: [
      service.metadata.name,
      service.spec?.type ?? "ClusterIP",
      orNone(service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP),
      externalIp(service),
      ports(service),
      ageOf(service.metadata.creationTimestamp, now),
      formatLabels(service.spec?.selector),
    ],
  }),
};

function externalIp(service: Service): string {
  const external = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case "ExternalName":
      return orNone(service.spec.externalName);
    case "LoadBalancer": {
      const all = [...loadBalancerAddresses(service), ...external];
      return all.length === 0 ? "<pending>" : all.join(",");
    }
    default:
      return orNone(external.join(","));
  }
}

function loadBalancerAddresses(service: Service): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.map(({ ip, hostname }) => ip ?? hostname ?? "").filter((text) => text !== "");
}

function ports(service: Service): string {
  const texts = (service.spec?.ports ?? []).map(({ port, nodePort, protocol }) => {
    const node = nodePort === undefined || nodePort === 0 ? "" : `:${nodePort}`;
    return `${port}${node}/${protocol ?? "TCP"}`;
  });
  return orNone(texts.join(","));
}
