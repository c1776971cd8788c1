import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { int32, list, object, text, type ListOptions, type SchemaOf } from "../schema.ts";
import {
  TypedLocalObjectReferenceSchema,
  type TypedLocalObjectReference,
} from "./object-reference.ts";

/** HTTP routes from outside to Services; an ingress controller carries them out. */
export type Ingress = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: IngressSpec;
  status?: IngressStatus;
};

/** Desired state of an Ingress. */
export interface IngressSpec {
  ingressClassName?: string;
  defaultBackend?: IngressBackend;
  tls?: IngressTLS[];
  rules?: IngressRule[];
}

/** Where requests go: a Service or another resource. */
export interface IngressBackend {
  service?: IngressServiceBackend;
  resource?: TypedLocalObjectReference;
}

/** A Service and one of its ports. */
export interface IngressServiceBackend {
  name: string;
  port?: ServiceBackendPort;
}

/** A port by name or by number. */
export interface ServiceBackendPort {
  name?: string;
  number?: number;
}

/** A certificate for some hosts. */
export interface IngressTLS {
  hosts?: string[];
  secretName?: string;
}

/** Routes of one host. */
export interface IngressRule {
  host?: string;
  http?: HTTPIngressRuleValue;
}

/** Routes by path. */
export interface HTTPIngressRuleValue {
  paths: HTTPIngressPath[];
}

/** A path and where it leads. */
export interface HTTPIngressPath {
  path?: string;
  pathType?: string;
  backend: IngressBackend;
}

/** State of an Ingress. */
export interface IngressStatus {
  loadBalancer?: IngressLoadBalancerStatus;
}

/** Where the Ingress is reached. */
export interface IngressLoadBalancerStatus {
  ingress?: IngressLoadBalancerIngress[];
}

/** One address. */
export interface IngressLoadBalancerIngress {
  ip?: string;
  hostname?: string;
  ports?: IngressPortStatus[];
}

/** State of one port. */
export interface IngressPortStatus {
  port: number;
  protocol: string;
  error?: string;
}

const atomic: ListOptions = { listType: "atomic" };

const IngressBackendSchema: SchemaOf<IngressBackend> = object<IngressBackend>(
  "IngressBackend",
  "Where requests go.",
  {
    service: object<IngressServiceBackend>(
      "IngressServiceBackend",
      "A Service and one of its ports.",
      {
        name: text("Name of the Service."),
        port: object<ServiceBackendPort>("ServiceBackendPort", "Its port.", {
          name: text("Name of the port."),
          number: int32("Number of the port."),
        }),
      },
      ["name"],
    ),
    resource: TypedLocalObjectReferenceSchema,
  },
);

const IngressRuleSchema: SchemaOf<IngressRule> = object<IngressRule>(
  "IngressRule",
  "Routes of one host.",
  {
    host: text("The host; empty for all, `*.` for one more label."),
    http: object<HTTPIngressRuleValue>(
      "HTTPIngressRuleValue",
      "Routes by path.",
      {
        paths: list(
          object<HTTPIngressPath>(
            "HTTPIngressPath",
            "A path and where it leads.",
            {
              path: text("The path, beginning with /."),
              pathType: text("Exact, Prefix or ImplementationSpecific."),
              backend: IngressBackendSchema,
            },
            ["pathType", "backend"],
          ),
          "Paths and where they lead.",
          atomic,
        ),
      },
      ["paths"],
    ),
  },
);

const IngressStatusSchema: SchemaOf<IngressStatus> = object<IngressStatus>(
  "IngressStatus",
  "State of the Ingress.",
  {
    loadBalancer: object<IngressLoadBalancerStatus>(
      "IngressLoadBalancerStatus",
      "Where it is reached.",
      {
        ingress: list(
          object<IngressLoadBalancerIngress>("IngressLoadBalancerIngress", "One address.", {
            ip: text("The IP address."),
            hostname: text("The host name."),
            ports: list(
              object<IngressPortStatus>(
                "IngressPortStatus",
                "State of one port.",
                {
                  port: int32("The port."),
                  protocol: text("TCP, UDP or SCTP."),
                  error: text("What is wrong with it."),
                },
                ["port", "protocol"],
              ),
              "Its ports.",
              atomic,
            ),
          }),
          "The addresses.",
          atomic,
        ),
      },
    ),
  },
);

/** Schema of Ingress. */
export const IngressSchema: SchemaOf<Ingress> = object<Ingress>(
  "Ingress",
  "HTTP routes from outside to Services; an ingress controller carries them out.",
  {
    ...typeAndMeta,
    spec: object<IngressSpec>("IngressSpec", "Desired state of the Ingress.", {
      ingressClassName: text("Name of the IngressClass whose controller is to act."),
      defaultBackend: IngressBackendSchema,
      tls: list(
        object<IngressTLS>("IngressTLS", "A certificate.", {
          hosts: list(text(""), "The hosts it is for.", atomic),
          secretName: text("The Secret that holds it."),
        }),
        "Certificates.",
        atomic,
      ),
      rules: list(IngressRuleSchema, "Routes by host.", atomic),
    }),
    status: IngressStatusSchema,
  },
);
