import { typeAndMeta, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, bytes, map, object, text, type SchemaOf } from "../schema.ts";

/** Configuration that not everybody may read. */
export type Secret = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  immutable?: boolean;
  /** Values are base64. */
  data?: Record<string, string>;
  /** Write-only: the server moves it to data. */
  stringData?: Record<string, string>;
  type?: string;
};

/** Schema of Secret. */
export const SecretSchema: SchemaOf<Secret> = object<Secret>(
  "Secret",
  "Configuration that not everybody may read.",
  {
    ...typeAndMeta,
    immutable: bool("True: the data can never change."),
    data: map(bytes(""), "Keys and base64 data."),
    stringData: map(text(""), "Keys and texts; the server moves them to data."),
    type: text("What the secret is for; default Opaque."),
  },
);
