export { readIpv4, readIpv6, writeIpv4, writeIpv6 } from "./address.ts";
export {
  CLASS_CODES,
  CLASS_IN,
  className,
  Flag,
  Opcode,
  Rcode,
  rcodeName,
  TYPE_CODES,
  typeCode,
  typeName,
} from "./codes.ts";
export { type Edns, EDNS_VERSION, type EdnsOption, EdnsOptionCode } from "./edns.ts";
export { encodeMessage, type EncodeOptions, MAX_MESSAGE_OCTETS } from "./encoder.ts";
export { FormatError } from "./format-error.ts";
export { type Header, HEADER_OCTETS, readHeader } from "./header.ts";
export { decodeMessage, type Message, type Question } from "./message.ts";
export {
  MAX_LABEL_OCTETS,
  MAX_NAME_OCTETS,
  type Name,
  nameOctets,
  splitName,
  toAbsolute,
} from "./name.ts";
export { decodeQuery, type QueryBody } from "./query.ts";
export type {
  AddressRecord,
  HinfoRecord,
  MxRecord,
  NameRecord,
  OpaqueRecord,
  ResourceRecord,
  SoaRecord,
  SrvRecord,
  TxtRecord,
} from "./record.ts";
export { createFrameReader, type FrameReader, frameMessage } from "./tcp-framing.ts";
