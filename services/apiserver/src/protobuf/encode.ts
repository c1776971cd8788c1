/** Bytes of a part of a message; empty for what is left out. */
export type Encoded = Buffer;

const LENGTH_DELIMITED = 2;

/** A field of a message inside of a message; written even when it is empty, which says that it is there. */
export function message(number: number, ...parts: readonly Encoded[]): Encoded {
  const content = Buffer.concat(parts);
  return Buffer.concat([varint((number << 3) | LENGTH_DELIMITED), varint(content.length), content]);
}

/** A text field; left out when the text is undefined or empty, as proto3 does. */
export function text(number: number, value: unknown): Encoded {
  if (typeof value !== "string" || value === "") return Buffer.alloc(0);
  return message(number, Buffer.from(value));
}

/** A boolean field; left out unless true. */
export function flag(number: number, value: unknown): Encoded {
  return value === true ? Buffer.concat([varint(number << 3), varint(1)]) : Buffer.alloc(0);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}
