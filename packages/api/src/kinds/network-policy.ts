import { LabelSelectorSchema, type LabelSelector } from "../meta/condition.ts";
import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import {
  int32,
  intOrString,
  list,
  object,
  text,
  type ListOptions,
  type SchemaOf,
} from "../schema.ts";

/** Which traffic some pods may have; a network plugin enforces it. */
export type NetworkPolicy = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: NetworkPolicySpec;
};

/** Desired state of a NetworkPolicy. */
export interface NetworkPolicySpec {
  podSelector?: LabelSelector;
  ingress?: NetworkPolicyIngressRule[];
  egress?: NetworkPolicyEgressRule[];
  policyTypes?: string[];
}

/** Traffic to the pods. */
export interface NetworkPolicyIngressRule {
  ports?: NetworkPolicyPort[];
  from?: NetworkPolicyPeer[];
}

/** Traffic from the pods. */
export interface NetworkPolicyEgressRule {
  ports?: NetworkPolicyPort[];
  to?: NetworkPolicyPeer[];
}

/** A port or a range of ports. */
export interface NetworkPolicyPort {
  protocol?: string;
  port?: number | string;
  endPort?: number;
}

/** The other side: pods, or addresses. */
export interface NetworkPolicyPeer {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: IPBlock;
}

/** A range of addresses. */
export interface IPBlock {
  cidr: string;
  except?: string[];
}

const atomic: ListOptions = { listType: "atomic" };

const PortsSchema: SchemaOf<NetworkPolicyPort[]> = list(
  object<NetworkPolicyPort>("NetworkPolicyPort", "A port or a range of ports.", {
    protocol: text("TCP, UDP or SCTP; default TCP."),
    port: intOrString("Number or name; absent means all."),
    endPort: int32("Last port of a range that begins with port."),
  }),
  "The ports; none means all.",
  atomic,
);

const PeersSchema: SchemaOf<NetworkPolicyPeer[]> = list(
  object<NetworkPolicyPeer>("NetworkPolicyPeer", "The other side.", {
    podSelector: LabelSelectorSchema,
    namespaceSelector: LabelSelectorSchema,
    ipBlock: object<IPBlock>(
      "IPBlock",
      "A range of addresses.",
      {
        cidr: text("The range."),
        except: list(text(""), "Ranges inside it that are left out.", atomic),
      },
      ["cidr"],
    ),
  }),
  "The other sides; none means all.",
  atomic,
);

/** Schema of NetworkPolicy. */
export const NetworkPolicySchema: SchemaOf<NetworkPolicy> = object<NetworkPolicy>(
  "NetworkPolicy",
  "Which traffic some pods may have; a network plugin enforces it.",
  {
    ...typeAndMeta,
    spec: object<NetworkPolicySpec>("NetworkPolicySpec", "Desired state of the NetworkPolicy.", {
      podSelector: LabelSelectorSchema,
      ingress: list(
        object<NetworkPolicyIngressRule>("NetworkPolicyIngressRule", "Traffic to the pods.", {
          ports: PortsSchema,
          from: PeersSchema,
        }),
        "Traffic the pods may get.",
        atomic,
      ),
      egress: list(
        object<NetworkPolicyEgressRule>("NetworkPolicyEgressRule", "Traffic from the pods.", {
          ports: PortsSchema,
          to: PeersSchema,
        }),
        "Traffic the pods may send.",
        atomic,
      ),
      policyTypes: list(text(""), "Ingress, Egress or both.", atomic),
    }),
  },
);
