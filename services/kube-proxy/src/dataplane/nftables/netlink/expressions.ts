import type { IpFamily } from "@kubehop/routing";
import type { NftStatement } from "@kubehop/rules";
import type { AnonymousMap, AnonymousMaps } from "./anonymous-maps.ts";
import { hostNumber, name, nested, NotEncodable, number } from "./attributes.ts";
import { FAMILY, META, NFTA, PROTOCOL, REGISTER } from "./constants.ts";
import {
  addressOctets,
  maskOctets,
  portOctets,
  prefixOf,
  valueData,
  verdictData,
} from "./values.ts";

/** What a rule is made of is put in this family's words, with its maps declared beforehand. */
export interface RuleContext {
  readonly family: IpFamily;
  readonly maps: AnonymousMaps;
}

/** The expressions that nft makes of a statement. Throws NotEncodable. */
export function expressionsOf(statement: NftStatement, context: RuleContext): Buffer[] {
  const { family, maps } = context;
  switch (statement.kind) {
    case "protocol":
      return [loadMeta(META.L4PROTO), compare(Buffer.from([PROTOCOL[statement.protocol]]))];
    case "source-in":
      return sourceIn(statement.cidr, family);
    case "source-local":
      return [loadSourceType(), compare(hostNumber(RTN_LOCAL))];
    case "source-known":
      return [loadSource(family), lookup(name(NFTA.LOOKUP.SET, statement.set))];
    case "remember-source":
      return [loadSource(family), updateSet(statement.set)];
    case "mark":
      return markPacket();
    case "verdict":
      return [immediate(REGISTER.VERDICT, verdictData(NFTA.IMMEDIATE.DATA, statement.verdict))];
    case "translate":
      return translate(statement.to, family);
    case "draw-target":
      return [...draw(maps.ofTargets(statement.draw), REGISTER.FIRST), translateToDrawn(family)];
    case "draw-verdict":
      return draw(maps.ofVerdicts(statement.draw), REGISTER.VERDICT);
    case "source-outside":
      break;
  }
  throw new NotEncodable("a match against a set of ranges");
}

const RTN_LOCAL = 2;
const NFT_FIB_RESULT_ADDRTYPE = 3;
const NFTA_FIB_F_SADDR = 1;
const NFT_PAYLOAD_NETWORK_HEADER = 1;
const NFT_CMP_EQ = 0;
const NFT_DYNSET_OP_UPDATE = 1;
const NFT_BITWISE_BOOL = 0;
const NFT_BYTEORDER_HTON = 1;
const NFT_NG_RANDOM = 1;
const NFT_NAT_DNAT = 1;
const NF_NAT_RANGE_PROTO_SPECIFIED = 2;
const MARK = 0x4000;
const WORD = 4;

/** Where the source address stands in the header, and how long it is. */
const SOURCE = { IPv4: { offset: 12, length: 4 }, IPv6: { offset: 8, length: 16 } } as const;

function expression(kind: string, ...data: readonly Buffer[]): Buffer {
  return nested(NFTA.LIST_ELEM, name(NFTA.EXPR.NAME, kind), nested(NFTA.EXPR.DATA, ...data));
}

function loadMeta(key: number): Buffer {
  return expression("meta", number(NFTA.META.KEY, key), number(NFTA.META.DREG, REGISTER.FIRST));
}

function compare(value: Buffer): Buffer {
  return expression(
    "cmp",
    number(NFTA.CMP.SREG, REGISTER.FIRST),
    number(NFTA.CMP.OP, NFT_CMP_EQ),
    valueData(NFTA.CMP.DATA, value),
  );
}

function loadSource(family: IpFamily, length: number = SOURCE[family].length): Buffer {
  return expression(
    "payload",
    number(NFTA.PAYLOAD.DREG, REGISTER.FIRST),
    number(NFTA.PAYLOAD.BASE, NFT_PAYLOAD_NETWORK_HEADER),
    number(NFTA.PAYLOAD.OFFSET, SOURCE[family].offset),
    number(NFTA.PAYLOAD.LEN, length),
  );
}

/** Of a range that ends between two octets only those before are compared, otherwise all. */
function sourceIn(cidr: string, family: IpFamily): Buffer[] {
  const { network, bits } = prefixOf(cidr, family);
  if (bits % 8 === 0) {
    const length = bits / 8;
    return [loadSource(family, length), compare(network.subarray(0, length))];
  }
  const mask = maskOctets(bits, network.length);
  const masked = bitwise({ mask, xor: Buffer.alloc(network.length), names: [] });
  return [loadSource(family), masked, compare(network)];
}

function loadSourceType(): Buffer {
  return expression(
    "fib",
    number(NFTA.FIB.FLAGS, NFTA_FIB_F_SADDR),
    number(NFTA.FIB.RESULT, NFT_FIB_RESULT_ADDRTYPE),
    number(NFTA.FIB.DREG, REGISTER.FIRST),
  );
}

function markPacket(): Buffer[] {
  const [mask, xor] = [hostNumber(~MARK >>> 0), hostNumber(MARK)];
  return [
    loadMeta(META.MARK),
    bitwise({ mask, xor, names: [number(NFTA.BITWISE.OP, NFT_BITWISE_BOOL)] }),
    expression("meta", number(NFTA.META.KEY, META.MARK), number(NFTA.META.SREG, REGISTER.FIRST)),
  ];
}

function bitwise({ mask, xor, names }: { mask: Buffer; xor: Buffer; names: Buffer[] }): Buffer {
  return expression(
    "bitwise",
    number(NFTA.BITWISE.SREG, REGISTER.FIRST),
    number(NFTA.BITWISE.DREG, REGISTER.FIRST),
    ...names,
    number(NFTA.BITWISE.LEN, mask.length),
    valueData(NFTA.BITWISE.MASK, mask),
    valueData(NFTA.BITWISE.XOR, xor),
  );
}

function lookup(...which: readonly Buffer[]): Buffer {
  return expression("lookup", number(NFTA.LOOKUP.SREG, REGISTER.FIRST), ...which);
}

function updateSet(set: string): Buffer {
  return expression(
    "dynset",
    number(NFTA.DYNSET.SREG_KEY, REGISTER.FIRST),
    number(NFTA.DYNSET.OP, NFT_DYNSET_OP_UPDATE),
    name(NFTA.DYNSET.SET_NAME, set),
  );
}

function immediate(register: number, data: Buffer): Buffer {
  return expression("immediate", number(NFTA.IMMEDIATE.DREG, register), data);
}

/** Intervals are kept in network byte order, single numbers in the machine's. */
function draw({ name: set, id, modulus, interval }: AnonymousMap, register: number): Buffer[] {
  const random = expression(
    "numgen",
    number(NFTA.NUMGEN.DREG, REGISTER.FIRST),
    number(NFTA.NUMGEN.MODULUS, modulus),
    number(NFTA.NUMGEN.TYPE, NFT_NG_RANDOM),
    number(NFTA.NUMGEN.OFFSET, 0),
  );
  const ordered = expression(
    "byteorder",
    number(NFTA.BYTEORDER.SREG, REGISTER.FIRST),
    number(NFTA.BYTEORDER.DREG, REGISTER.FIRST),
    number(NFTA.BYTEORDER.OP, NFT_BYTEORDER_HTON),
    number(NFTA.BYTEORDER.LEN, WORD),
    number(NFTA.BYTEORDER.SIZE, WORD),
  );
  const found = lookup(
    number(NFTA.LOOKUP.DREG, register),
    name(NFTA.LOOKUP.SET, set),
    number(NFTA.LOOKUP.SET_ID, id),
  );
  return [random, ...(interval ? [ordered] : []), found];
}

/** The map has put address and port one behind the other. */
function translateToDrawn(family: IpFamily): Buffer {
  return nat(family, family === "IPv4" ? REGISTER.FIRST_32_01 : REGISTER.SECOND);
}

function translate({ ip, port }: { ip: string; port: number }, family: IpFamily): Buffer[] {
  const data = (value: Buffer): Buffer => valueData(NFTA.IMMEDIATE.DATA, value);
  return [
    immediate(REGISTER.FIRST, data(addressOctets(ip, family))),
    immediate(REGISTER.SECOND, data(portOctets(port))),
    nat(family, REGISTER.SECOND, number(NFTA.NAT.FLAGS, NF_NAT_RANGE_PROTO_SPECIFIED)),
  ];
}

function nat(family: IpFamily, portRegister: number, ...flags: readonly Buffer[]): Buffer {
  return expression(
    "nat",
    number(NFTA.NAT.TYPE, NFT_NAT_DNAT),
    number(NFTA.NAT.FAMILY, FAMILY[family]),
    number(NFTA.NAT.REG_ADDR_MIN, REGISTER.FIRST),
    number(NFTA.NAT.REG_PROTO_MIN, portRegister),
    ...flags,
  );
}
