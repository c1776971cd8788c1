import type { Endpoints, EndpointSlice } from "@kubehop/api";
import { isIPv6 } from "node:net";
import { ageOf } from "./age.ts";
import { AGE, column, NAME, orNone, type Printer } from "./printer.ts";

/** How many endpoints or ports a cell names before it only counts them. */
const SHOWN = 3;

/** Columns of `kubectl get endpoints`. */
export const endpointsPrinter: Printer<Endpoints> = {
  columns: [NAME, column("Endpoints", "Addresses and ports of the ready endpoints."), AGE],
  row: (endpoints, now) => ({
    cells: [
      endpoints.metadata.name,
      orNone(shorten(addressesOf(endpoints), " + ")),
      ageOf(endpoints.metadata.creationTimestamp, now),
    ],
  }),
};

/** Columns of `kubectl get endpointslices`. */
export const endpointSlicePrinter: Printer<EndpointSlice> = {
  columns: [
    NAME,
    column("AddressType", "Family of the addresses."),
    column("Ports", "Ports of each endpoint."),
    column("Endpoints", "Addresses of the endpoints."),
    AGE,
  ],
  row: (slice, now) => ({
    cells: [
      slice.metadata.name,
      slice.addressType,
      orUnset((slice.ports ?? []).map(({ port }) => (port === undefined ? "*" : String(port)))),
      orUnset((slice.endpoints ?? []).flatMap(({ addresses }) => addresses)),
      ageOf(slice.metadata.creationTimestamp, now),
    ],
  }),
};

function addressesOf(endpoints: Endpoints): string[] {
  return (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip);
    return ports.flatMap(({ port }) =>
      addresses.map(({ ip }) => (isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`)),
    );
  });
}

function orUnset(texts: readonly string[]): string {
  return texts.length === 0 ? "<unset>" : shorten(texts, " + ");
}

function shorten(texts: readonly string[], separator: string): string {
  const shown = texts.slice(0, SHOWN).join(",");
  return texts.length <= SHOWN ? shown : `${shown}${separator}${texts.length - SHOWN} more...`;
}
