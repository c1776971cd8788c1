import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { object, text, type SchemaOf } from "../schema.ts";

/** One allocated cluster IP; its name is the address (KEP-1880). */
export type IPAddress = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: IPAddressSpec;
};

/** Whose address it is. */
export interface IPAddressSpec {
  parentRef?: ParentReference;
}

/** Points to the owner of an address. */
export interface ParentReference {
  group?: string;
  resource?: string;
  namespace?: string;
  name?: string;
}

/** Schema of IPAddress. */
export const IPAddressSchema: SchemaOf<IPAddress> = object<IPAddress>(
  "IPAddress",
  "An allocated cluster IP; its name is the address.",
  {
    ...typeAndMeta,
    spec: object<IPAddressSpec>(
      "IPAddressSpec",
      "Whose address it is.",
      {
        parentRef: object<ParentReference>(
          "ParentReference",
          "The object that has the address; immutable.",
          {
            group: text("API group of the owner."),
            resource: text("Resource of the owner, such as services."),
            namespace: text("Namespace of the owner."),
            name: text("Name of the owner."),
          },
          ["resource", "name"],
        ),
      },
      ["parentRef"],
    ),
  },
);
