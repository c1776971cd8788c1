import type { EdnsOption } from "@kubehop/dns-wire";

/** Codes of extended DNS errors (RFC 8914 §4). */
export const ExtendedError = { Blocked: 15, Filtered: 17 } as const;

const OPTION_CODE = 15;

/** The EDNS option that says why an answer is what it is (RFC 8914). */
export function createExtendedError(code: number, text = ""): EdnsOption {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return { code: OPTION_CODE, data: Buffer.concat([head, Buffer.from(text, "utf8")]) };
}
