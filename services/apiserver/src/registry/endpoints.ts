import {
  invalidValue,
  isDNS1123Label,
  isDNS1123Subdomain,
  isValidPortNum,
  Kinds,
  required,
  type EndpointAddress,
  type Endpoints,
  type EndpointsPort,
  type EndpointSubset,
  type StatusCause,
} from "@kubehop/api";
import { checkedText, requiredOneOf, requiredText } from "./common-rules.ts";
import { PROTOCOLS } from "./endpoint-slice.ts";
import { nonSpecialIpCauses } from "./ip-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Endpoints: the older form of EndpointSlices; deprecated, and says so (KEP-4974). */
export const endpointsStrategy: Strategy<Endpoints> = createStrategy(Kinds.Endpoints, {
  createOnUpdate: true,
  defaults: ({ subsets = [] }) => {
    for (const port of subsets.flatMap((subset) => subset.ports ?? [])) port.protocol ??= "TCP";
  },
  validate: ({ subsets = [] }) =>
    subsets.flatMap((subset, index) => subsetCauses(`subsets[${index}]`, subset)),
  warnings: () => ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"],
});

function subsetCauses(field: string, subset: EndpointSubset): StatusCause[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    return [required(field, "must specify `addresses` or `notReadyAddresses`")];
  }
  return [
    ...addresses.flatMap((one, index) => addressCauses(`${field}.addresses[${index}]`, one)),
    ...notReadyAddresses.flatMap((one, index) =>
      addressCauses(`${field}.notReadyAddresses[${index}]`, one),
    ),
    ...ports.flatMap((port, index) =>
      portCauses(`${field}.ports[${index}]`, port, ports.length > 1),
    ),
  ];
}

function addressCauses(field: string, { ip = "", hostname, nodeName }: Partial<EndpointAddress>) {
  return [
    ...nonSpecialIpCauses(`${field}.ip`, ip),
    ...checkedText(`${field}.hostname`, hostname, isDNS1123Label),
    ...checkedText(`${field}.nodeName`, nodeName, isDNS1123Subdomain),
  ];
}

function portCauses(field: string, port: EndpointsPort, needsName: boolean): StatusCause[] {
  const { name, protocol } = port;
  return [
    ...(needsName
      ? requiredText(`${field}.name`, name, isDNS1123Label)
      : checkedText(`${field}.name`, name, isDNS1123Label)),
    ...isValidPortNum(port.port).map((why) => invalidValue(`${field}.port`, port.port, why)),
    ...requiredOneOf(`${field}.protocol`, protocol, PROTOCOLS),
  ];
}
