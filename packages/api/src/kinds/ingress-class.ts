import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { object, text, type SchemaOf } from "../schema.ts";

/** A controller that Ingresses can ask for. */
export type IngressClass = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: IngressClassSpec;
};

/** Which controller it is. */
export interface IngressClassSpec {
  controller?: string;
  parameters?: IngressClassParametersReference;
}

/** An object with settings of the controller. */
export interface IngressClassParametersReference {
  apiGroup?: string;
  kind: string;
  name: string;
  scope?: string;
  namespace?: string;
}

/** Schema of IngressClass. */
export const IngressClassSchema: SchemaOf<IngressClass> = object<IngressClass>(
  "IngressClass",
  "A controller that Ingresses can ask for.",
  {
    ...typeAndMeta,
    spec: object<IngressClassSpec>("IngressClassSpec", "Which controller it is.", {
      controller: text("Name of the controller, with a domain: example.com/ingress."),
      parameters: object<IngressClassParametersReference>(
        "IngressClassParametersReference",
        "An object with settings of the controller.",
        {
          apiGroup: text("Its API group; empty for the core group."),
          kind: text("Its kind."),
          name: text("Its name."),
          scope: text("Cluster or Namespace; default Cluster."),
          namespace: text("Its namespace."),
        },
        ["kind", "name"],
      ),
    }),
  },
);
