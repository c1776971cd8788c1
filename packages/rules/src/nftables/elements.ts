import type { Frontend } from "@kubehop/routing";
import type { Refusal, Route, ServiceView } from "../service-view.ts";
import { serviceBase } from "./names.ts";

/** An element of one of the sets and maps that all Services share. */
export interface Element {
  /** Name of the set or map. */
  readonly of: string;
  readonly text: string;
}

/** What a service port puts into the sets and maps that all Services share. */
export function elementsOf(view: ServiceView): Element[] {
  const { internal, external, protocol } = view;
  const base = serviceBase(view);
  const inner = `${internal.policy === "Local" ? "local" : "service"}-${base}`;
  const outer = `external-${base}`;
  const nodePort = view.nodePorts.slice(0, 1);
  return [
    ...view.clusterIps.map(({ ip }) => ({ of: "cluster-ips", text: ip })),
    ...view.endpoints
      .filter(({ local }) => local)
      .map(({ ip, port }) => ({
        of: "hairpin-connections",
        text: `${ip} . ${ip} . ${protocol} . ${port}`,
      })),
    ...view.clusterIps.flatMap(routed(view, internal, { map: "services", chain: inner })),
    ...[...view.externalIps, ...view.balancerIps].flatMap(
      routed(view, external, { map: "services", chain: outer }),
    ),
    ...nodePort.flatMap(routed(view, external, { map: "nodeports", chain: outer })),
    ...(view.sourceRanges.length === 0 ? [] : view.balancerIps).map((frontend) => ({
      of: "firewall-ips",
      text: `${addressKey(view, frontend)} comment "${view.name}" : goto firewall-${base}`,
    })),
  ];
}

interface Target {
  readonly map: "services" | "nodeports";
  readonly chain: string;
}

const MAPS = {
  services: { dispatch: "service-ips", refusal: "no-endpoint-services" },
  nodeports: { dispatch: "service-nodeports", refusal: "no-endpoint-nodeports" },
} as const;

const VERDICTS: Readonly<Record<Refusal, string>> = { reject: "goto reject-chain", drop: "drop" };

/** Where an address's flows go on, and what becomes of those that get nowhere. */
function routed(
  view: ServiceView,
  { dispatched, refusal }: Route,
  { map, chain }: Target,
): (frontend: Frontend) => Element[] {
  return (frontend) => {
    const key =
      map === "services" ? addressKey(view, frontend) : `${view.protocol} . ${frontend.port}`;
    const verdict = refusal === undefined ? "" : VERDICTS[refusal];
    return [
      ...(dispatched ? [{ of: MAPS[map].dispatch, text: `${key} : goto ${chain}` }] : []),
      ...(verdict === ""
        ? []
        : [{ of: MAPS[map].refusal, text: `${key} comment "${view.name}" : ${verdict}` }]),
    ];
  };
}

function addressKey({ protocol }: ServiceView, { ip, port }: Frontend): string {
  return `${ip} . ${protocol} . ${port}`;
}
