import type { IpFamily } from "@kubehop/routing";
import type { NftDraw, NftTarget, NftVerdict } from "@kubehop/rules";
import {
  attribute,
  hostNumber,
  name,
  nested,
  number,
  userField,
  userNumber,
} from "./attributes.ts";
import { MESSAGE, NFTA, SET_FLAG, TYPE } from "./constants.ts";
import { addressOctets, concatenate, portOctets, valueData, verdictData } from "./values.ts";

/** A map that a rule has to itself: it goes with its rule. */
export interface AnonymousMap {
  readonly name: string;
  /** By which the messages of one transaction know it. */
  readonly id: number;
  readonly modulus: number;
  /** Numbers lead to something by ranges, not one by one. */
  readonly interval: boolean;
}

/** Makes the maps of a rule's draws. */
export interface AnonymousMaps {
  ofTargets(draw: NftDraw<NftTarget>): AnonymousMap;
  ofVerdicts(draw: NftDraw<NftVerdict>): AnonymousMap;
}

/** What maps are made with. */
export interface AnonymousMapsOptions {
  readonly family: IpFamily;
  readonly table: string;
  /**
   * Gives a name that no set of the table has. One with `%d` in it has the kernel look for a free
   * number, which takes it some milliseconds among ten thousand sets.
   */
  readonly nextName: () => string;
  /** Gives a number that no other map of the transaction has. */
  readonly nextId: () => number;
  /** Adds a message to the transaction. */
  readonly create: (type: number, ...attributes: readonly Buffer[]) => void;
}

/** Creates the maker of one rule's maps. */
export function createAnonymousMaps(options: AnonymousMapsOptions): AnonymousMaps {
  const { family } = options;
  return {
    ofTargets: (draw) =>
      createMap(options, {
        draw,
        type: (TYPE.ADDRESS[family] << 6) | TYPE.PORT,
        length: family === "IPv4" ? 8 : 20,
        userdata: [],
        dataOf: ({ ip, port }) =>
          valueData(NFTA.SET_ELEM.DATA, concatenate([addressOctets(ip, family), portOctets(port)])),
      }),
    ofVerdicts: (draw) =>
      createMap(options, {
        draw,
        type: TYPE.VERDICT,
        length: 0,
        userdata: [VERDICT_TYPEOF],
        dataOf: (verdict) => verdictData(NFTA.SET_ELEM.DATA, verdict),
      }),
  };
}

/** nft's notes on a map: the byte order of its key (1: the machine's) and data, and what those are. */
const NOTE = { KEY_BYTEORDER: 0, DATA_BYTEORDER: 1, DATA_TYPEOF: 4, DATA_INTERVAL: 6 } as const;
/** The data are what a verdict expression gives. */
const VERDICT_TYPEOF = userField(
  NOTE.DATA_TYPEOF,
  Buffer.concat([userNumber(0, 1), userField(1, Buffer.alloc(0))]),
);
const NFT_SET_ELEM_INTERVAL_END = 1;

interface MapOf<T> {
  readonly draw: NftDraw<T>;
  readonly type: number;
  /** Octets of its data; none for verdicts. */
  readonly length: number;
  readonly userdata: readonly Buffer[];
  readonly dataOf: (to: T) => Buffer;
}

function createMap<T>(
  { table, nextName, nextId, create }: AnonymousMapsOptions,
  map: MapOf<T>,
): AnonymousMap {
  const { draw, type, length } = map;
  const interval = draw.shares.some(({ first, last }) => first !== last);
  const [set, id] = [nextName(), nextId()];
  const { ANONYMOUS, CONSTANT, INTERVAL, MAP } = SET_FLAG;
  create(
    MESSAGE.NEWSET,
    name(NFTA.SET.TABLE, table),
    name(NFTA.SET.NAME, set),
    number(NFTA.SET.FLAGS, ANONYMOUS | CONSTANT | MAP | (interval ? INTERVAL : 0)),
    number(NFTA.SET.KEY_TYPE, TYPE.INTEGER),
    number(NFTA.SET.KEY_LEN, 4),
    number(NFTA.SET.DATA_TYPE, type),
    number(NFTA.SET.DATA_LEN, length),
    number(NFTA.SET.ID, id),
    nested(NFTA.SET.DESC, number(NFTA.SET_DESC_SIZE, draw.shares.length * (interval ? 2 : 1))),
    attribute(NFTA.SET.USERDATA, notesOf(map)),
  );
  create(
    MESSAGE.NEWSETELEM,
    name(NFTA.SET_ELEM_LIST.TABLE, table),
    name(NFTA.SET_ELEM_LIST.SET, set),
    number(NFTA.SET_ELEM_LIST.SET_ID, id),
    nested(
      NFTA.SET_ELEM_LIST.ELEMENTS,
      ...elementsOf(map, interval).map((parts, index) => nested(index + 1, ...parts)),
    ),
  );
  return { name: set, id, modulus: draw.modulus, interval };
}

function notesOf<T>({ userdata }: MapOf<T>): Buffer {
  return Buffer.concat([
    userNumber(NOTE.KEY_BYTEORDER, 1),
    userNumber(NOTE.DATA_BYTEORDER, 0),
    ...userdata,
    userNumber(NOTE.DATA_INTERVAL, 0),
  ]);
}

/** Ranges are told by where they begin: one ends where the next begins, the last at the modulus. */
function elementsOf<T>({ draw, dataOf }: MapOf<T>, interval: boolean): Buffer[][] {
  const keyOf = (key: number): Buffer => {
    const octets = hostNumber(key);
    return valueData(NFTA.SET_ELEM.KEY, interval ? octets.swap32() : octets);
  };
  const begun = draw.shares.map(({ first, to }) => [keyOf(first), dataOf(to)]);
  if (!interval) return begun;
  const end = [number(NFTA.SET_ELEM.FLAGS, NFT_SET_ELEM_INTERVAL_END), keyOf(draw.modulus)];
  return [...begun, end];
}
