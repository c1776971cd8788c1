import { CLASS_IN, type ResourceRecord, type SoaRecord } from "@kubehop/dns-wire";
import type { Host } from "./lookup.ts";

/** Where records belong: their owner and the zone as the client wrote it. */
export interface Place {
  readonly owner: string;
  readonly zone: string;
  /** Seconds. */
  readonly ttl: number;
}

/** The A or AAAA records of hosts, each address once. */
export function addressRecords(
  hosts: readonly Host[],
  type: "A" | "AAAA",
  { owner, ttl }: Place,
): ResourceRecord[] {
  const records: ResourceRecord[] = [];
  const seen = hosts.length > 1 ? new Set<string>() : undefined;
  for (const { ip } of hosts) {
    if (familyOf(ip) !== type || seen?.has(ip)) continue;
    seen?.add(ip);
    records.push({ name: owner, type, class: CLASS_IN, ttl, address: ip });
  }
  return records;
}

/** SRV records and the addresses of their targets. */
export interface SrvAnswer {
  readonly answers: readonly ResourceRecord[];
  readonly glue: readonly ResourceRecord[];
}

/**
 * SRV records: priority 0, the weight shared by all matched address-port pairs counted before
 * duplicates go (plugin.SRV of CoreDNS). The same target and port make one record, the same target
 * and address one piece of glue.
 */
export function srvRecords(hosts: readonly Host[], place: Place): SrvAnswer {
  const weight = Math.max(1, Math.floor(100 / hosts.length));
  const answers = new Map<string, ResourceRecord>();
  const glue = new Map<string, ResourceRecord>();
  for (const { ip, port, target } of hosts) {
    if (port === -1) continue;
    const name = joinZone(target, place.zone);
    const head = { class: CLASS_IN, ttl: place.ttl };
    const srv = { priority: 0, weight, port, target: name };
    answers.set(`${target} ${port}`, { name: place.owner, type: "SRV", ...head, ...srv });
    glue.set(`${target} ${ip}`, { name, type: familyOf(ip), ...head, address: ip });
  }
  return { answers: [...answers.values()], glue: [...glue.values()] };
}

/** NS records for the hosts' names and the addresses of those. */
export function nsRecords(hosts: readonly Host[], place: Place): SrvAnswer {
  const head = { class: CLASS_IN, ttl: place.ttl };
  const names = new Set<string>();
  const glue = new Map<string, ResourceRecord>();
  for (const { ip, target } of hosts) {
    const name = joinZone(target, place.zone);
    names.add(name);
    glue.set(`${name} ${ip}`, { name, type: familyOf(ip), ...head, address: ip });
  }
  const answers = [...names].map(
    (target) => ({ name: place.owner, type: "NS", ...head, target }) as const,
  );
  return { answers, glue: [...glue.values()] };
}

/** The zone's SOA; `serial` is the unix time of the last change. */
export function soaRecord({ zone, ttl }: Omit<Place, "owner">, serial: number): SoaRecord {
  return {
    name: zone,
    type: "SOA",
    class: CLASS_IN,
    ttl: Math.min(ttl, 300),
    mname: joinZone("ns.dns", zone),
    rname: joinZone("hostmaster", zone),
    serial,
    refresh: 7_200,
    retry: 1_800,
    expire: 86_400,
    minimum: ttl,
  };
}

/** A name below a zone. */
export function joinZone(name: string, zone: string): string {
  return zone === "." ? `${name}.` : `${name}.${zone}`;
}

function familyOf(ip: string): "A" | "AAAA" {
  return ip.includes(":") ? "AAAA" : "A";
}
