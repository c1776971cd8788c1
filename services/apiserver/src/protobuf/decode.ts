import { unsupportedMediaType } from "@kubehop/api";
import { MAX_ITEMS, MAX_VALUES, tooManyValues } from "../http/body-limits.ts";
import { MESSAGES, ROOTS } from "./messages.ts";
import { readPacked, readScalar, textOf, zeroOf } from "./scalars.ts";
import { type Field, type Message, type Scalar, SCALARS } from "./table.ts";
import { type Budget, bytesOf, fieldsIn, malformed, readFields, type WireField } from "./wire.ts";

/** The first bytes of a body (source: apimachinery's runtime/serializer/protobuf). */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/** A body that is a DeleteOptions comes in the version of the object it deletes. */
const DELETE_OPTIONS = "DeleteOptions";

/** What the envelope `Unknown` says of an object. */
interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

type JsonObject = Record<string, unknown>;

/**
 * The JSON form of a Kubernetes protobuf body, which is what client-go would have sent as JSON
 * but for zero values: Go sends those of all fields that are no pointers, set or not, so they
 * count as absent. Fields nobody knows are left out. Throws 400 for bytes that are no such
 * message, 413 for too many values, 415 for a kind that has no table.
 */
export function decodeProtobuf(body: Buffer, accepted: readonly string[]): JsonObject {
  const budget = { left: MAX_VALUES };
  const { apiVersion, kind, raw } = readEnvelope(body, budget);
  const message = MESSAGES.get(messageOf(apiVersion, kind));
  if (message === undefined) throw unsupportedMediaType(accepted);
  return { apiVersion, kind, ...readMessage(message, readFields(raw, budget)) };
}

function messageOf(apiVersion: string, kind: string): string {
  if (kind === DELETE_OPTIONS) return DELETE_OPTIONS;
  return ROOTS.get(`${apiVersion}/${kind}`) ?? "";
}

/** Unknown {1 typeMeta {1 apiVersion, 2 kind}, 2 raw, 3 contentEncoding, 4 contentType} */
function readEnvelope(body: Buffer, budget: Budget): Envelope {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw malformed("it does not begin with the bytes 6b 38 73 00");
  }
  let apiVersion = "";
  let kind = "";
  let raw: Buffer = Buffer.alloc(0);
  for (const field of readFields(body.subarray(MAGIC.length), budget)) {
    if (field.number === 2) raw = bytesOf(field);
    if (field.number !== 1) continue;
    for (const inner of fieldsIn(field)) {
      if (inner.number === 1) apiVersion = textOf(inner);
      if (inner.number === 2) kind = textOf(inner);
    }
  }
  return { apiVersion, kind, raw };
}

function readMessage(message: Message, fields: Iterable<WireField>): JsonObject {
  const object: JsonObject = {};
  for (const wire of fields) {
    const field = message.get(wire.number);
    if (field !== undefined) addField(object, field, wire);
  }
  return object;
}

function addField(object: JsonObject, field: Field, wire: WireField): void {
  const { name, shape } = field;
  switch (shape) {
    case "inline":
      Object.assign(object, readValue(field, wire));
      break;
    case "list":
      addItems((object[name] ??= []) as unknown[], readItems(field, wire));
      break;
    case "map":
      addEntry((object[name] ??= {}) as JsonObject, field, wire);
      break;
    case "single": {
      const value = readValue(field, wire);
      if (value !== undefined && (field.pointer || !isZero(value))) object[name] = value;
    }
  }
}

function addItems(list: unknown[], items: readonly unknown[]): void {
  if (list.length + items.length > MAX_ITEMS) throw tooManyValues();
  list.push(...items);
}

function readItems(field: Field, wire: WireField): unknown[] {
  const isPacked = field.type === "int" && wire.bytes !== undefined;
  return isPacked ? readPacked(bytesOf(wire)) : [readValue(field, wire)];
}

/** An entry of a map is a message {1 key, 2 value}. */
function addEntry(map: JsonObject, field: Field, wire: WireField): void {
  let key = "";
  let value: unknown = SCALARS.has(field.type) ? zeroOf(field.type as Scalar) : {};
  for (const inner of fieldsIn(wire)) {
    if (inner.number === 1) key = textOf(inner);
    if (inner.number === 2) value = readValue(field, inner);
  }
  // An assignment would take `__proto__` for the prototype.
  Object.defineProperty(map, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function readValue({ type }: Field, wire: WireField): unknown {
  if (SCALARS.has(type)) return readScalar(type as Scalar, wire);
  const message = MESSAGES.get(type);
  if (message === undefined) throw new Error(`there is no table of the message ${type}`);
  return readMessage(message, fieldsIn(wire));
}

function isZero(value: unknown): boolean {
  return value === "" || value === 0 || value === false;
}
