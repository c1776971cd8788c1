import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, bytes, map, object, text, type SchemaOf } from "../schema.ts";

/** Configuration for pods. */
export type ConfigMap = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  immutable?: boolean;
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
};

/** Schema of ConfigMap. */
export const ConfigMapSchema: SchemaOf<ConfigMap> = object<ConfigMap>(
  "ConfigMap",
  "Configuration that pods read.",
  {
    ...typeAndMeta,
    immutable: bool("True: the data can never change."),
    data: map(text(""), "Keys and texts."),
    binaryData: map(bytes(""), "Keys and base64 data."),
  },
);
