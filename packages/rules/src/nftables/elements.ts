import type { Frontend } from "@kubehop/routing";
import type { Refusal, Route, ServiceView } from "../service-view.ts";
import { serviceBase } from "./names.ts";

/** An element of one of the sets and maps that all Services share. */
export interface Element {
  /** Name of the set or map. */
  readonly of: string;
  /** What it is found by: an element is in its set or map once. */
  readonly key: string;
  /** How it is added: the key, for some a comment, in maps the verdict. */
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
    ...view.clusterIps.map(({ ip }) => setElement("cluster-ips", ip)),
    ...view.endpoints
      .filter(({ local }) => local)
      .map(({ ip, port }) =>
        setElement("hairpin-connections", `${ip} . ${ip} . ${protocol} . ${port}`),
      ),
    ...view.clusterIps.flatMap(routed(view, internal, { map: "services", chain: inner })),
    ...[...view.externalIps, ...view.balancerIps].flatMap(
      routed(view, external, { map: "services", chain: outer }),
    ),
    ...nodePort.flatMap(routed(view, external, { map: "nodeports", chain: outer })),
    ...(view.sourceRanges.length === 0 ? [] : view.balancerIps).map((frontend) =>
      mapElement("firewall-ips", {
        key: addressKey(view, frontend),
        about: view.name,
        verdict: `goto firewall-${base}`,
      }),
    ),
  ];
}

function setElement(of: string, key: string): Element {
  return { of, key, text: key };
}

function mapElement(
  of: string,
  { key, about, verdict }: { key: string; about?: string; verdict: string },
): Element {
  const note = about === undefined ? "" : ` comment "${about}"`;
  return { of, key, text: `${key}${note} : ${verdict}` };
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
      ...(dispatched ? [mapElement(MAPS[map].dispatch, { key, verdict: `goto ${chain}` })] : []),
      ...(verdict === ""
        ? []
        : [mapElement(MAPS[map].refusal, { key, about: view.name, verdict })]),
    ];
  };
}

function addressKey({ protocol }: ServiceView, { ip, port }: Frontend): string {
  return `${ip} . ${protocol} . ${port}`;
}
