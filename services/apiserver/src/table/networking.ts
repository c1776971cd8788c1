import type { Ingress, IngressClass, NetworkPolicy } from "@kubehop/api";
import { ageOf } from "./age.ts";
import { AGE, column, NAME, orNone, type Printer } from "./printer.ts";
import { selectorText } from "./workloads.ts";

/** How many hosts a cell names before it only counts them. */
const SHOWN = 3;
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

/** Columns of `kubectl get ingresses` (source: printIngress). */
export const ingressPrinter: Printer<Ingress> = {
  columns: [
    NAME,
    column("Class", "The IngressClass whose controller is to act."),
    column("Hosts", "Hosts it has routes for."),
    column("Address", "Where it is reached."),
    column("Ports", "Ports of TLS and plain HTTP."),
    AGE,
  ],
  row: ({ metadata, spec, status }, now) => ({
    cells: [
      metadata.name,
      orNone(spec?.ingressClassName ?? metadata.annotations?.[CLASS_ANNOTATION]),
      hostsOf(spec),
      addressesOf(status).join(","),
      (spec?.tls ?? []).length > 0 ? "80, 443" : "80",
      ageOf(metadata.creationTimestamp, now),
    ],
  }),
};

/** Columns of `kubectl get ingressclasses`. */
export const ingressClassPrinter: Printer<IngressClass> = {
  columns: [
    NAME,
    column("Controller", "Who carries out its Ingresses."),
    column("Parameters", "Settings of the controller."),
    AGE,
  ],
  row({ metadata, spec }, now) {
    const { apiGroup, kind, name } = spec?.parameters ?? {};
    const type = [kind, apiGroup].filter((part) => (part ?? "") !== "").join(".");
    return {
      cells: [
        metadata.name,
        spec?.controller ?? "",
        name === undefined ? "<none>" : `${type}/${name}`,
        ageOf(metadata.creationTimestamp, now),
      ],
    };
  },
};

/** Columns of `kubectl get networkpolicies`. */
export const networkPolicyPrinter: Printer<NetworkPolicy> = {
  columns: [NAME, column("Pod-Selector", "The pods it is for."), AGE],
  row: ({ metadata, spec }, now) => ({
    cells: [
      metadata.name,
      orNone(selectorText(spec?.podSelector)),
      ageOf(metadata.creationTimestamp, now),
    ],
  }),
};

function hostsOf(spec: Ingress["spec"]): string {
  const hosts = (spec?.rules ?? []).flatMap(({ host = "" }) => (host === "" ? [] : [host]));
  if (hosts.length === 0) return "*";
  const shown = hosts.slice(0, SHOWN).join(",");
  return hosts.length <= SHOWN ? shown : `${shown} + ${hosts.length - SHOWN} more...`;
}

function addressesOf(status: Ingress["status"]): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = "", hostname = "" }) => {
    const address = ip === "" ? hostname : ip;
    return address === "" ? [] : [address];
  });
}
