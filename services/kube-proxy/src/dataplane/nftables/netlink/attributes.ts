/** An attribute: its length and type in the machine's byte order, its value, and padding to 4. */
export function attribute(type: number, value: Buffer): Buffer {
  const length = HEADER + value.length;
  if (length > MAX_LENGTH) throw new NotEncodable(`a list of ${value.length} octets`);
  const bytes = Buffer.alloc(padded(length));
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, HEADER);
  return bytes;
}

/** An attribute that holds others. */
export function nested(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(attributes));
}

/** An attribute with a number; nf_tables has them in network byte order. */
export function number(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return attribute(type, bytes);
}

/** An attribute with a name. */
export function name(type: number, text: string): Buffer {
  return attribute(type, zeroEnded(text));
}

/** What a message is sent as. */
export interface MessageHeader {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** Family and, in the messages around a batch, the subsystem. */
  readonly family: number;
  readonly subsystem?: number;
}

/** A message of nfnetlink. */
export function message(header: MessageHeader, ...attributes: readonly Buffer[]): Buffer {
  const { type, flags, sequence, family, subsystem = 0 } = header;
  const head = Buffer.alloc(MESSAGE_HEADER);
  head.writeUInt16LE(type, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt32LE(sequence, 8);
  head.writeUInt8(family, 16);
  head.writeUInt16BE(subsystem, 18);
  const bytes = Buffer.concat([head, ...attributes]);
  bytes.writeUInt32LE(bytes.length, 0);
  return bytes;
}

/** A field of nft's own data about a rule, set or element: type, length, value. */
export function userField(type: number, value: Buffer): Buffer {
  if (value.length > MAX_USER_FIELD) throw new NotEncodable(`a comment of ${value.length} octets`);
  return Buffer.concat([Buffer.from([type, value.length]), value]);
}

/** A field of nft's own data with a number, which is in the machine's byte order. */
export function userNumber(type: number, value: number): Buffer {
  return userField(type, hostNumber(value));
}

/** The comment of a rule or an element. */
export function comment(type: number, text: string): Buffer {
  return attribute(type, userField(0, zeroEnded(text)));
}

/** A number in the machine's byte order. */
export function hostNumber(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** What this encoder cannot say; whoever asked says it with nft. */
export class NotEncodable extends Error {
  override readonly name = "NotEncodable";
}

const HEADER = 4;
const MAX_LENGTH = 0xffff;
const NESTED = 0x8000;
const MESSAGE_HEADER = 20;
/** nft takes no longer comments (NFTNL_UDATA_COMMENT_MAXLEN), here with the zero at their end. */
const MAX_USER_FIELD = 129;

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function zeroEnded(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
