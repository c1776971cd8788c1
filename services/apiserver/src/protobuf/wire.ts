import { badRequest, type StatusError } from "@kubehop/api";
import { tooManyValues } from "../http/body-limits.ts";

/** A field of a message as it lies in the bytes: a varint, or a span of bytes. */
export interface WireField {
  readonly number: number;
  /** The value of a varint; undefined for the other wire types. */
  readonly varint: bigint | undefined;
  /** The content of a length-delimited field; undefined for the other wire types. */
  readonly bytes: Buffer | undefined;
  /** How many fields the rest of the body may have. */
  readonly budget: Budget;
}

/** Counts down the fields of a body while they are read. */
export interface Budget {
  left: number;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Longest varint, bytes: 64 bits of 7 each. */
const VARINT_LENGTH = 10;

/**
 * Reads the fields of a message in their order; throws 400 when the bytes are no message, 413 when
 * the body has more fields than its budget.
 */
export function* readFields(message: Buffer, budget: Budget): Generator<WireField> {
  let at = 0;
  while (at < message.length) {
    budget.left -= 1;
    if (budget.left < 0) throw tooManyValues();
    const tag = readVarint(message, at);
    const number = Number(tag.value >> 3n);
    const type = Number(tag.value & 7n);
    if (number === 0) throw malformed("a field has the number 0");
    const start = tag.end;
    switch (type) {
      case VARINT: {
        const { value, end } = readVarint(message, start);
        yield { number, varint: value, bytes: undefined, budget };
        at = end;
        break;
      }
      case LENGTH_DELIMITED: {
        const { value: length, end } = readVarint(message, start);
        at = skip(message, end, Number(length));
        yield { number, varint: undefined, bytes: message.subarray(end, at), budget };
        break;
      }
      case FIXED64:
      case FIXED32:
        at = skip(message, start, type === FIXED64 ? 8 : 4);
        yield { number, varint: undefined, bytes: undefined, budget };
        break;
      default:
        throw malformed(`field ${number} has the wire type ${type}`);
    }
  }
}

/** The bytes of a length-delimited field; throws 400 for another wire type. */
export function bytesOf({ bytes, number }: WireField): Buffer {
  if (bytes === undefined) throw malformed(`field ${number} has the wrong wire type`);
  return bytes;
}

/** The fields of a message that is a field itself. */
export function fieldsIn(field: WireField): Generator<WireField> {
  return readFields(bytesOf(field), field.budget);
}

/** 400 for a protobuf body that can't be read. */
export function malformed(why: string): StatusError {
  return badRequest(`the request body is not valid protobuf: ${why}`);
}

/** The varint at `start` (64 bits, unsigned) and where it ends; throws 400. */
export function readVarint(bytes: Buffer, start: number): { value: bigint; end: number } {
  const first = bytes[start];
  if (first !== undefined && first < 0x80) return { value: BigInt(first), end: start + 1 };
  let value = 0n;
  for (let index = 0; index < VARINT_LENGTH; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) throw truncated();
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: start + index + 1 };
  }
  throw malformed("a number is longer than 64 bits");
}

function skip(message: Buffer, start: number, length: number): number {
  if (length > message.length - start) throw truncated();
  return start + length;
}

function truncated(): StatusError {
  return malformed("it ends in the middle of a field");
}
