import { MAX_ITEMS, tooManyValues } from "../http/body-limits.ts";
import type { Scalar } from "./table.ts";
import { bytesOf, fieldsIn, malformed, readVarint, type WireField } from "./wire.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Times that RFC 3339 can write, seconds: years 0 to 9999. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;

/** The JSON value of a scalar; undefined for a time that is not set. Throws 400. */
export function readScalar(type: Scalar, field: WireField): unknown {
  switch (type) {
    case "int":
      return integerOf(field);
    case "bool":
      return varintOf(field) !== 0n;
    case "string":
      return textOf(field);
    case "bytes":
      return bytesOf(field).toString("base64");
    case "quantity":
      return textAt(field, 1) ?? "0";
    case "intOrString":
      return intOrStringOf(field);
    case "time":
    case "microTime":
      return timeOf(field, type);
    default:
      return type satisfies never;
  }
}

/** What a map's entry holds when its value is not there. */
export function zeroOf(type: Scalar): unknown {
  if (type === "int") return 0;
  return type === "bool" ? false : "";
}

/** Numbers of a packed list. */
export function readPacked(bytes: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const { value, end } = readVarint(bytes, at);
    if (numbers.length >= MAX_ITEMS) throw tooManyValues();
    numbers.push(signed(value));
    at = end;
  }
  return numbers;
}

/** The text of a length-delimited field; throws 400 when it is not UTF-8. */
export function textOf(field: WireField): string {
  try {
    return UTF8.decode(bytesOf(field));
  } catch (error) {
    if (error instanceof TypeError) throw malformed(`field ${field.number} is not UTF-8`);
    throw error;
  }
}

function varintOf({ varint, number }: WireField): bigint {
  if (varint === undefined) throw malformed(`field ${number} has the wrong wire type`);
  return varint;
}

function integerOf(field: WireField): number {
  return signed(varintOf(field));
}

function signed(value: bigint): number {
  return Number(BigInt.asIntN(64, value));
}

function textAt(message: WireField, number: number): string | undefined {
  let text: string | undefined;
  for (const field of fieldsIn(message)) if (field.number === number) text = textOf(field);
  return text;
}

/** {1 type (1 for text), 2 intVal, 3 strVal} */
function intOrStringOf(message: WireField): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  for (const field of fieldsIn(message)) {
    if (field.number === 1) isText = varintOf(field) === 1n;
    if (field.number === 2) number = integerOf(field);
    if (field.number === 3) text = textOf(field);
  }
  return isText ? text : number;
}

/** {1 seconds, 2 nanos}; the zero of Go's Time has neither. */
function timeOf(message: WireField, type: "time" | "microTime"): string | undefined {
  let seconds = 0;
  let nanos = 0;
  for (const field of fieldsIn(message)) {
    if (field.number === 1) seconds = integerOf(field);
    if (field.number === 2) nanos = integerOf(field);
  }
  if (seconds === 0 && nanos === 0) return undefined;
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND || nanos < 0 || nanos >= 1e9) {
    throw malformed("a time is out of range");
  }
  const text = new Date(seconds * 1_000).toISOString().slice(0, 19);
  if (type === "time") return `${text}Z`;
  return `${text}.${String(Math.floor(nanos / 1_000)).padStart(6, "0")}Z`;
}
