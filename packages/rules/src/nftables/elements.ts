import type { Frontend } from "@kubehop/routing";
import type { Refusal, Route, ServiceView } from "../service-view.ts";
import type { NftVerdict } from "./command.ts";
import { commentOf, serviceBase } from "./names.ts";
import { REJECT_CHAIN, type SharedSet } from "./shared-rules.ts";

/** An element of one of the sets and maps that all Services share. */
export interface Element {
  /** Name of the set or map. */
  readonly of: SharedSet;
  /** What it is found by, field by field: an element is in its set or map once. */
  readonly key: readonly string[];
  readonly comment?: string;
  /** In maps, what becomes of packets that it matches. */
  readonly verdict?: NftVerdict;
}

/** What a service port puts into the sets and maps that all Services share. */
export function elementsOf(view: ServiceView): Element[] {
  const { internal, external, protocol } = view;
  const base = serviceBase(view);
  const inner = `${internal.policy === "Local" ? "local" : "service"}-${base}`;
  const outer = `external-${base}`;
  const nodePort = view.nodePorts.slice(0, 1);
  return [
    ...view.clusterIps.map(({ ip }): Element => ({ of: "cluster-ips", key: [ip] })),
    ...view.endpoints
      .filter(({ local }) => local)
      .map(({ ip, port }): Element => {
        return { of: "hairpin-connections", key: [ip, ip, protocol, `${port}`] };
      }),
    ...view.clusterIps.flatMap(routed(view, internal, { map: "services", chain: inner })),
    ...[...view.externalIps, ...view.balancerIps].flatMap(
      routed(view, external, { map: "services", chain: outer }),
    ),
    ...nodePort.flatMap(routed(view, external, { map: "nodeports", chain: outer })),
    ...(view.sourceRanges.length === 0 ? [] : view.balancerIps).map((frontend): Element => ({
      of: "firewall-ips",
      key: addressKey(view, frontend),
      comment: commentOf(view),
      verdict: { goto: `firewall-${base}` },
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

const VERDICTS: Readonly<Record<Refusal, NftVerdict>> = {
  reject: { goto: REJECT_CHAIN },
  drop: "drop",
};

/** Where an address's flows go on, and what becomes of those that get nowhere. */
function routed(
  view: ServiceView,
  { dispatched, refusal }: Route,
  { map, chain }: Target,
): (frontend: Frontend) => Element[] {
  const { dispatch, refusal: refusals } = MAPS[map];
  return (frontend) => {
    const key = map === "services" ? addressKey(view, frontend) : portKey(view, frontend);
    const way: Element[] = dispatched ? [{ of: dispatch, key, verdict: { goto: chain } }] : [];
    if (refusal === undefined) return way;
    return [...way, { of: refusals, key, comment: commentOf(view), verdict: VERDICTS[refusal] }];
  };
}

function addressKey({ protocol }: ServiceView, { ip, port }: Frontend): readonly string[] {
  return [ip, protocol, `${port}`];
}

function portKey({ protocol }: ServiceView, { port }: Frontend): readonly string[] {
  return [protocol, `${port}`];
}
