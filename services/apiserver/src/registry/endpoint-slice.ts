import {
  duplicate,
  isDNS1123Label,
  isDNS1123Subdomain,
  isValidPortNum,
  invalidValue,
  Kinds,
  required,
  tooMany,
  type AddressType,
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  type StatusCause,
} from "@kubehop/api";
import { checkedText, immutable, requiredOneOf } from "./common-rules.ts";
import { familyCauses, nonSpecialIpCauses } from "./ip-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20_000;
const MAX_HINTS = 8;

/** Protocols a port may have. */
export const PROTOCOLS: readonly string[] = ["TCP", "UDP", "SCTP"];

/** EndpointSlice: one address type, which never changes; limits of KEP-752. */
export const endpointSliceStrategy: Strategy<EndpointSlice> = createStrategy(Kinds.EndpointSlice, {
  defaults: (slice) => {
    slice.endpoints ??= [];
    for (const port of slice.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate: ({ addressType, endpoints, ports = [] }) => [
    ...requiredOneOf("addressType", addressType, ["IPv4", "IPv6", "FQDN"]),
    ...(endpoints.length > MAX_ENDPOINTS
      ? [tooMany("endpoints", endpoints.length, MAX_ENDPOINTS)]
      : endpoints.flatMap((endpoint, index) => endpointCauses(index, endpoint, addressType))),
    ...portCauses(ports),
  ],
  validateUpdate: (next, old) => immutable("addressType", next.addressType, old.addressType),
});

function endpointCauses(
  index: number,
  endpoint: Partial<Endpoint>,
  type: AddressType,
): StatusCause[] {
  const field = `endpoints[${index}]`;
  const { addresses = [], hostname, nodeName, zone } = endpoint;
  return [
    ...addressCauses(`${field}.addresses`, addresses, type),
    ...checkedText(`${field}.nodeName`, nodeName, isDNS1123Subdomain),
    ...checkedText(`${field}.zone`, zone, isDNS1123Label),
    ...checkedText(`${field}.hostname`, hostname, isDNS1123Label),
    ...hintCauses(`${field}.hints`, endpoint),
  ];
}

function addressCauses(
  field: string,
  addresses: readonly string[],
  type: AddressType,
): StatusCause[] {
  if (addresses.length === 0) return [required(field, "must contain at least 1 address")];
  if (addresses.length > MAX_ADDRESSES) return [tooMany(field, addresses.length, MAX_ADDRESSES)];
  return addresses.flatMap((address, index) => {
    const at = `${field}[${index}]`;
    if (type === "FQDN") return checkedText(at, address, isDNS1123Subdomain);
    const wrongFamily = familyCauses(at, address, type);
    return wrongFamily.length > 0 ? wrongFamily : nonSpecialIpCauses(at, address);
  });
}

function hintCauses(field: string, { hints = {} }: Partial<Endpoint>): StatusCause[] {
  const { forZones = [], forNodes = [] } = hints;
  const causes: StatusCause[] = [];
  for (const [name, list] of Object.entries({ forZones, forNodes })) {
    const at = `${field}.${name}`;
    if (list.length > MAX_HINTS) causes.push(tooMany(at, list.length, MAX_HINTS));
    list.forEach((one, index) => {
      const repeated = list.findIndex((other) => other.name === one.name) < index;
      if (repeated) causes.push(duplicate(`${at}[${index}].name`, one.name));
    });
  }
  return causes;
}

function portCauses(ports: readonly EndpointPort[]): StatusCause[] {
  if (ports.length > MAX_PORTS) return [tooMany("ports", ports.length, MAX_PORTS)];
  const names = new Set<string>();
  return ports.flatMap(({ name = "", protocol, port }, index) => {
    const field = `ports[${index}]`;
    const repeated = names.has(name);
    names.add(name);
    return [
      ...checkedText(`${field}.name`, name, isDNS1123Label),
      ...(repeated ? [duplicate(`${field}.name`, name)] : []),
      ...requiredOneOf(`${field}.protocol`, protocol, PROTOCOLS),
      ...(port === undefined
        ? []
        : isValidPortNum(port).map((why) => invalidValue(`${field}.port`, port, why))),
    ];
  });
}
