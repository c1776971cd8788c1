import { Flag, type Header, Opcode, Rcode } from "@kubehop/dns-wire";

/**
 * What to do with a message by its header alone: ignore it, answer with a response code, or read
 * on (undefined). Source: miekg/dns' defaultMsgAcceptFunc, which CoreDNS uses.
 */
export function judgeHeader(header: Header): "ignore" | number | undefined {
  if ((header.flags & Flag.QR) !== 0) return "ignore";
  if (header.opcode !== Opcode.QUERY && header.opcode !== Opcode.NOTIFY) return Rcode.NOTIMP;
  if (header.questions !== 1) return Rcode.FORMERR;
  // NOTIFY may carry an answer, IXFR an SOA in authority (RFC 1995 §3, RFC 1996 §3.7).
  if (header.answers > 1 || header.authorities > 1) return Rcode.FORMERR;
  // OPT and TSIG.
  if (header.additionals > 2) return Rcode.FORMERR;
  return undefined;
}
