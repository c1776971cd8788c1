import { CLASS_IN, type ResourceRecord } from "@kubehop/dns-wire";
import type { ClusterView } from "../../cluster/cluster-view.ts";
import { addressesOf, type ServiceEntry } from "../../cluster/service-entry.ts";
import { reverseAddress } from "../../corefile/reverse-zones.ts";
import { type ClusterLookup, createClusterLookup, type Host } from "./lookup.ts";
import type { KubernetesOptions } from "./options.ts";
import { addressRecords, joinZone, soaRecord, srvRecords } from "./records.ts";

/** A zone as it is given away: its name, and the TTL of its records. */
interface Place {
  readonly zone: string;
  readonly ttl: number;
}

/**
 * The records of a zone of the plugin from SOA to SOA: Services, endpoints of headless ones, SRV
 * of named ports. The SOA alone when `serial` is the present one; undefined for another zone and
 * for reverse zones, which have no list of names.
 */
export function transferZone(
  { view, options }: { view: ClusterView; options: KubernetesOptions },
  zone: string,
  serial: number | undefined,
): readonly ResourceRecord[] | undefined {
  const reverse = reverseAddress(zone) !== undefined || zone.endsWith(".arpa.");
  if (!options.zones.includes(zone) || reverse) return undefined;
  const place = { zone, ttl: options.ttl };
  const soa = soaRecord(place, view.changedAt());
  if (serial === soa.serial) return [soa];
  const lookup = createClusterLookup(view, options);
  const records = [...view.entries()].flatMap((entry) => serviceRecords(entry, lookup, place));
  return [soa, ...records, soa];
}

function serviceRecords(
  entry: ServiceEntry,
  lookup: ClusterLookup,
  place: Place,
): ResourceRecord[] {
  const { zone, ttl } = place;
  const owner = joinZone(`${entry.name}.${entry.namespace}.svc`, zone);
  const found = lookup.find(owner, zone);
  if (found.kind === "missing" || found.kind === "empty") return [];
  if (found.kind === "external") {
    return [{ name: owner, type: "CNAME", class: CLASS_IN, ttl, target: found.target }];
  }
  const ports = entry.headless ? addressesOf(entry).flatMap((each) => each.ports) : entry.ports;
  const named = new Set(
    ports.filter(({ name }) => name !== "").map((port) => `_${port.name}._${port.protocol}`),
  );
  const targets = Map.groupBy(found.hosts, ({ target }) => joinZone(target, zone));
  targets.delete(owner);
  return [
    ...addresses(found.hosts, owner, place),
    ...[...targets].flatMap(([name, hosts]) => addresses(hosts, name, place)),
    ...[...named].flatMap((port) => {
      const name = `${port.toLowerCase()}.${owner}`;
      const match = lookup.find(name, zone);
      return match.kind === "hosts"
        ? srvRecords(match.hosts, { ...place, owner: name }).answers
        : [];
    }),
  ];
}

function addresses(hosts: readonly Host[], owner: string, place: Place): ResourceRecord[] {
  const full = { ...place, owner };
  return [...addressRecords(hosts, "A", full), ...addressRecords(hosts, "AAAA", full)];
}
