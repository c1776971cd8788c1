/** Values that are no messages of their own in JSON. */
export type Scalar =
  | "string"
  | "int"
  | "bool"
  | "bytes"
  | "time"
  | "microTime"
  | "quantity"
  | "intOrString";

/** A field of a message. */
export interface Field {
  /** The field's name in JSON. */
  readonly name: string;
  readonly shape: "single" | "list" | "map" | "inline";
  /** A scalar, or the name of a message. */
  readonly type: string;
  /** A pointer in Go: a zero is a value. For others Go sends a zero when nothing was set. */
  readonly pointer: boolean;
}

/** A message's fields by number. */
export type Message = ReadonlyMap<number, Field>;

/** What tells scalars from messages. */
export const SCALARS: ReadonlySet<string> = new Set<Scalar>([
  "string",
  "int",
  "bool",
  "bytes",
  "time",
  "microTime",
  "quantity",
  "intOrString",
]);

const FIELD = /^(\d+) (\.\.\.)?(\w+)(\*)?(?: (\[\]|\{\})?(\w+))?$/;

/**
 * Reads a table of messages. A line begins with the message's name and a colon, further lines of
 * it are indented; then come its fields, separated by commas:
 * `4 replicas* int` (number, JSON name, `*` for a Go pointer, type), `1 name` (a string),
 * `1 ports []ServicePort` (list), `2 data {}string` (map), `2 ...VolumeSource` (a message whose
 * fields are the owner's own in JSON). Numbers are those of upstream's generated.proto files.
 * Throws when the table is not written so.
 */
export function parseMessages(table: string): Map<string, Message> {
  const messages = new Map<string, Message>();
  for (const entry of table.trim().split(/\n+(?=\S)/)) {
    const [name = "", text = ""] = entry.split(/:\s+/);
    const fields = text.split(/,\s+/).map((field) => parseField(name, field.trim()));
    if (messages.has(name)) throw new Error(`the message ${name} is there twice`);
    const message = new Map(fields);
    if (message.size < fields.length) throw new Error(`${name} has a number twice`);
    messages.set(name, message);
  }
  return messages;
}

function parseField(message: string, text: string): [number, Field] {
  const match = FIELD.exec(text);
  if (match === null) throw new Error(`the field "${text}" of ${message} can't be read`);
  const [, number, inline, name = "", pointer, many, type = "string"] = match;
  if (inline !== undefined) {
    return [Number(number), { name: "", shape: "inline", type: name, pointer: false }];
  }
  const shape = many === undefined ? "single" : many === "[]" ? "list" : "map";
  return [Number(number), { name, shape, type, pointer: pointer !== undefined }];
}
