import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, int32, list, map, object, text, type SchemaOf } from "../schema.ts";
import { ObjectReferenceSchema, type ObjectReference } from "./object-reference.ts";
import type { Protocol } from "./service.ts";

/** A part of the endpoints of a Service: same address type, same ports. */
export type EndpointSlice = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  addressType: AddressType;
  endpoints: Endpoint[];
  ports?: EndpointPort[];
};

/** What the addresses of a slice are. */
export type AddressType = "IPv4" | "IPv6" | "FQDN";

/** One backend. */
export interface Endpoint {
  addresses: string[];
  conditions?: EndpointConditions;
  hostname?: string;
  targetRef?: ObjectReference;
  deprecatedTopology?: Record<string, string>;
  nodeName?: string;
  zone?: string;
  hints?: EndpointHints;
}

/** Absent means: ready true, serving as ready, terminating false. */
export interface EndpointConditions {
  ready?: boolean;
  serving?: boolean;
  terminating?: boolean;
}

/** Who should use an endpoint. */
export interface EndpointHints {
  forZones?: ForZone[];
  forNodes?: ForNode[];
}

/** A zone by name. */
export interface ForZone {
  name: string;
}

/** A node by name. */
export interface ForNode {
  name: string;
}

/** A port that all endpoints of the slice have; no port means all ports. */
export interface EndpointPort {
  name?: string;
  protocol?: Protocol;
  port?: number;
  appProtocol?: string;
}

const EndpointSchema: SchemaOf<Endpoint> = object<Endpoint>(
  "Endpoint",
  "One backend of a Service.",
  {
    addresses: list(text(""), "Its addresses; readers use the first.", { listType: "set" }),
    conditions: object<EndpointConditions>("EndpointConditions", "Its state.", {
      ready: bool("It takes new connections; absent means true."),
      serving: bool("As ready, but also while terminating."),
      terminating: bool("It is going away."),
    }),
    hostname: text("Its own DNS name below the Service."),
    targetRef: ObjectReferenceSchema,
    deprecatedTopology: map(text(""), "Deprecated."),
    nodeName: text("The node it is on."),
    zone: text("The zone it is in."),
    hints: object<EndpointHints>("EndpointHints", "Who should use it.", {
      forZones: list(
        object<ForZone>("ForZone", "A zone.", { name: text("Its name.") }, ["name"]),
        "Zones that should use it.",
        { listType: "atomic" },
      ),
      forNodes: list(
        object<ForNode>("ForNode", "A node.", { name: text("Its name.") }, ["name"]),
        "Nodes that should use it.",
        { listType: "atomic" },
      ),
    }),
  },
  ["addresses"],
);

/** Schema of EndpointSlice. */
export const EndpointSliceSchema: SchemaOf<EndpointSlice> = object<EndpointSlice>(
  "EndpointSlice",
  "A part of the endpoints of a Service.",
  {
    ...typeAndMeta,
    addressType: text("IPv4, IPv6 or FQDN; immutable."),
    endpoints: list(EndpointSchema, "The backends; at most 1000.", { listType: "atomic" }),
    ports: list(
      object<EndpointPort>("EndpointPort", "A port of every endpoint.", {
        name: text("Name of the Service port."),
        protocol: text("TCP, UDP or SCTP; default TCP."),
        port: int32("The port; absent means all ports."),
        appProtocol: text("Application protocol; a hint."),
      }),
      "Ports of every endpoint.",
      { listType: "atomic" },
    ),
  },
  ["addressType", "endpoints"],
);
