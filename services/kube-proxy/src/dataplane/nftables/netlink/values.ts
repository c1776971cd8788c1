import { isIPv4, isIPv6 } from "node:net";
import type { IpFamily } from "@kubehop/routing";
import { type KeyField, keyFieldsOf, type NftElement, type NftVerdict } from "@kubehop/rules";
import { writeIp } from "@kubehop/syscalls";
import { attribute, name, nested, NotEncodable, number } from "./attributes.ts";
import { NFTA, PROTOCOL, VERDICT } from "./constants.ts";

/** The octets of an address, which must be of the family. Throws NotEncodable. */
export function addressOctets(ip: string, family: IpFamily): Buffer {
  const fits = family === "IPv4" ? isIPv4(ip) : isIPv6(ip) && !ip.includes("%");
  if (!fits) throw new NotEncodable(`"${ip}" as an address of ${family}`);
  const octets = Buffer.alloc(family === "IPv4" ? 4 : 16);
  writeIp(octets, 0, ip);
  return octets;
}

/** A CIDR's first address and the number of its leading bits. Throws NotEncodable. */
export function prefixOf(cidr: string, family: IpFamily): { network: Buffer; bits: number } {
  const [ip = "", length = ""] = cidr.split("/");
  const octets = addressOctets(ip, family);
  const bits = Number(length);
  if (!/^\d+$/.test(length) || bits < 1 || bits > octets.length * 8) {
    throw new NotEncodable(`"${cidr}" as a range of ${family}`);
  }
  const mask = maskOctets(bits, octets.length);
  return { network: Buffer.from(octets.map((octet, index) => octet & (mask[index] ?? 0))), bits };
}

/** So many leading ones. */
export function maskOctets(bits: number, length: number): Buffer {
  return Buffer.from(
    Array.from({ length }, (_, index) => {
      const ones = Math.min(8, Math.max(0, bits - index * 8));
      return (0xff << (8 - ones)) & 0xff;
    }),
  );
}

/** A port as two octets. */
export function portOctets(port: number): Buffer {
  return Buffer.from([port >> 8, port & 0xff]);
}

/** Fields one after the other, each filled up to a multiple of four octets. */
export function concatenate(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields.flatMap((field) => [field, Buffer.alloc(-field.length & 3)]));
}

/** The key of an element of a shared set or map. Throws NotEncodable. */
export function keyOctets({ of, key }: Pick<NftElement, "of" | "key">, family: IpFamily): Buffer {
  const fields = keyFieldsOf(of);
  if (fields.length !== key.length) throw new NotEncodable(`${key.length} fields for ${of}`);
  return concatenate(fields.map((field, index) => fieldOctets(field, key[index] ?? "", family)));
}

/** A verdict as an attribute of data. */
export function verdictData(type: number, verdict: NftVerdict): Buffer {
  const parts =
    typeof verdict === "string"
      ? [number(NFTA.VERDICT.CODE, VERDICT[verdict])]
      : [number(NFTA.VERDICT.CODE, VERDICT.goto), name(NFTA.VERDICT.CHAIN, verdict.goto)];
  return nested(type, nested(NFTA.DATA.VERDICT, ...parts));
}

/** A value as an attribute of data. */
export function valueData(type: number, value: Buffer): Buffer {
  return nested(type, attribute(NFTA.DATA.VALUE, value));
}

function fieldOctets(field: KeyField, text: string, family: IpFamily): Buffer {
  if (field === "ADDR") return addressOctets(text, family);
  if (field === "inet_service") return portOctets(Number(text));
  if (text === "tcp" || text === "udp") return Buffer.from([PROTOCOL[text]]);
  throw new NotEncodable(`"${text}" as a protocol`);
}
