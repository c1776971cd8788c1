import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, list, object, text, type SchemaOf } from "../schema.ts";
import { ObjectReferenceSchema, type ObjectReference } from "./object-reference.ts";
import type { Protocol } from "./service.ts";

/** All endpoints of a Service in one object: the older form of EndpointSlice. */
export type Endpoints = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  subsets?: EndpointSubset[];
};

/** Addresses × ports. */
export interface EndpointSubset {
  addresses?: EndpointAddress[];
  notReadyAddresses?: EndpointAddress[];
  ports?: EndpointsPort[];
}

/** One address of a subset. */
export interface EndpointAddress {
  ip: string;
  hostname?: string;
  nodeName?: string;
  targetRef?: ObjectReference;
}

/** One port of a subset (core v1 EndpointPort). */
export interface EndpointsPort {
  name?: string;
  port: number;
  protocol?: Protocol;
  appProtocol?: string;
}

const EndpointAddressSchema: SchemaOf<EndpointAddress> = object<EndpointAddress>(
  "EndpointAddress",
  "An address.",
  {
    ip: text("The IP."),
    hostname: text("Its own DNS name below the Service."),
    nodeName: text("The node it is on."),
    targetRef: ObjectReferenceSchema,
  },
  ["ip"],
);

/** Schema of Endpoints. */
export const EndpointsSchema: SchemaOf<Endpoints> = object<Endpoints>(
  "Endpoints",
  "All endpoints of a Service.",
  {
    ...typeAndMeta,
    subsets: list(
      object<EndpointSubset>("EndpointSubset", "Addresses with the same ports.", {
        addresses: list(EndpointAddressSchema, "Ready addresses.", { listType: "atomic" }),
        notReadyAddresses: list(EndpointAddressSchema, "Addresses that are not ready.", {
          listType: "atomic",
        }),
        ports: list(
          object<EndpointsPort>(
            "EndpointPort",
            "A port.",
            {
              name: text("Name of the Service port."),
              port: int32("The port."),
              protocol: text("TCP, UDP or SCTP; default TCP."),
              appProtocol: text("Application protocol; a hint."),
            },
            ["port"],
          ),
          "Ports of every address.",
          { listType: "atomic" },
        ),
      }),
      "Sets of addresses with the same ports.",
      { listType: "atomic" },
    ),
  },
);
