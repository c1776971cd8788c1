import type { IpFamily } from "@kubehop/routing";
import type { NftCommand, NftElement, NftRule, NftSet } from "@kubehop/rules";
import { createAnonymousMaps } from "./anonymous-maps.ts";
import {
  attribute,
  comment,
  message,
  name,
  nested,
  NotEncodable,
  number,
  userNumber,
} from "./attributes.ts";
import { FAMILY, FLAG, MESSAGE, NFTA, SET_FLAG, TYPE } from "./constants.ts";
import { expressionsOf, type RuleContext } from "./expressions.ts";
import { keyOctets, valueData, verdictData } from "./values.ts";

/** Commands as the kernel takes them: all of them or none. */
export interface Transaction {
  readonly bytes: Buffer;
  /** The number of its last command's message, which the kernel acknowledges. */
  readonly last: number;
  /** The command that a message, by its number, is part of. */
  readonly commandOf: (sequence: number) => NftCommand | undefined;
}

/** What a transaction is made with. */
export interface TransactionOptions {
  readonly family: IpFamily;
  /** The number of its first message. */
  readonly sequence: number;
  /** Gives a name for a map of a rule's own that no set of the table has. */
  readonly nextName: () => string;
}

/**
 * Makes one transaction of commands on the table kube-proxy. Throws NotEncodable, which says why,
 * when one of them is beyond this encoder: a line in nft's own words, or a match against ranges.
 */
export function encodeTransaction(
  commands: readonly NftCommand[],
  options: TransactionOptions,
): Transaction {
  let maps = 0;
  const nextId = (): number => ++maps;
  const parts = commands.flatMap((command) => partsOf(command, { ...options, nextId }));
  const { sequence } = options;
  const last = sequence + parts.length;
  const edge = (type: number, at: number): Buffer =>
    message({ type, flags: FLAG.REQUEST, sequence: at, family: 0, subsystem: NFTABLES });
  const messages = parts.map(({ type, flags, attributes }, index) =>
    message(
      {
        type,
        flags: FLAG.REQUEST | flags | (index === parts.length - 1 ? FLAG.ACK : 0),
        sequence: sequence + 1 + index,
        family: FAMILY[options.family],
      },
      ...attributes,
    ),
  );
  const ends = [edge(MESSAGE.BATCH_BEGIN, sequence), edge(MESSAGE.BATCH_END, last + 1)] as const;
  return {
    bytes: Buffer.concat([ends[0], ...messages, ends[1]]),
    last,
    commandOf: (number) => parts[number - sequence - 1]?.command,
  };
}

const TABLE = "kube-proxy";
const NFTABLES = 10;
/** nft's note on a set: the byte order of its key is the network's. */
const KEY_IN_NETWORK_ORDER: Buffer = userNumber(0, 2);

interface Part {
  readonly command: NftCommand;
  readonly type: number;
  readonly flags: number;
  readonly attributes: readonly Buffer[];
}

interface PartsOptions extends TransactionOptions {
  readonly nextId: () => number;
}

function partsOf(command: NftCommand, options: PartsOptions): Part[] {
  const one = (type: number, flags: number, attributes: readonly Buffer[]): Part[] => {
    return [{ command, type, flags, attributes }];
  };
  const { family } = options;
  switch (command.do) {
    case "add-chain":
      return one(MESSAGE.NEWCHAIN, FLAG.CREATE, chain(command.chain));
    case "delete-chain":
      return one(MESSAGE.DELCHAIN, 0, chain(command.chain));
    case "flush-chain":
      return one(MESSAGE.DELRULE, 0, ruleOf(command.chain));
    case "add-rule":
      return addRule(command, options);
    case "add-set":
      return one(MESSAGE.NEWSET, FLAG.CREATE, setOf(command.set, family));
    case "delete-set":
      return one(MESSAGE.DELSET, 0, [
        name(NFTA.SET.TABLE, TABLE),
        name(NFTA.SET.NAME, command.name),
      ]);
    case "add-element":
      return one(MESSAGE.NEWSETELEM, FLAG.CREATE, elementOf(command.element, family));
    case "delete-element": {
      const { of, key } = command.element;
      return one(MESSAGE.DELSETELEM, 0, elementOf({ of, key }, family));
    }
  }
  throw new NotEncodable(`"${command.text}"`);
}

function chain(chainName: string): Buffer[] {
  return [name(NFTA.CHAIN.TABLE, TABLE), name(NFTA.CHAIN.NAME, chainName)];
}

function ruleOf(chainName: string): Buffer[] {
  return [name(NFTA.RULE.TABLE, TABLE), name(NFTA.RULE.CHAIN, chainName)];
}

/** The maps that the rule uses come before it. */
function addRule(
  command: NftCommand & { chain: string; rule: NftRule },
  { family, nextName, nextId }: PartsOptions,
): Part[] {
  const parts: Part[] = [];
  const create = (type: number, ...attributes: readonly Buffer[]): void =>
    void parts.push({ command, type, flags: FLAG.CREATE, attributes });
  const maps = createAnonymousMaps({ family, table: TABLE, nextName, nextId, create });
  const context: RuleContext = { family, maps };
  const { statements, comment: about } = command.rule;
  const expressions = statements.flatMap((statement) => expressionsOf(statement, context));
  const attributes = [
    ...ruleOf(command.chain),
    nested(NFTA.RULE.EXPRESSIONS, ...expressions),
    ...(about === undefined ? [] : [comment(NFTA.RULE.USERDATA, about)]),
  ];
  return [
    ...parts,
    { command, type: MESSAGE.NEWRULE, flags: FLAG.CREATE | FLAG.APPEND, attributes },
  ];
}

function setOf({ name: setName, timeoutSeconds }: NftSet, family: IpFamily): Buffer[] {
  const milliseconds = Buffer.alloc(8);
  milliseconds.writeBigUInt64BE(BigInt(timeoutSeconds) * 1_000n);
  return [
    name(NFTA.SET.TABLE, TABLE),
    name(NFTA.SET.NAME, setName),
    number(NFTA.SET.FLAGS, SET_FLAG.TIMEOUT | SET_FLAG.EVAL),
    number(NFTA.SET.KEY_TYPE, TYPE.ADDRESS[family]),
    number(NFTA.SET.KEY_LEN, family === "IPv4" ? 4 : 16),
    number(NFTA.SET.ID, 1),
    attribute(NFTA.SET.TIMEOUT, milliseconds),
    attribute(NFTA.SET.USERDATA, KEY_IN_NETWORK_ORDER),
  ];
}

function elementOf(element: NftElement, family: IpFamily): Buffer[] {
  const { of, verdict, comment: about } = element;
  const parts = [
    valueData(NFTA.SET_ELEM.KEY, keyOctets(element, family)),
    ...(verdict === undefined ? [] : [verdictData(NFTA.SET_ELEM.DATA, verdict)]),
    ...(about === undefined ? [] : [comment(NFTA.SET_ELEM.USERDATA, about)]),
  ];
  return [
    name(NFTA.SET_ELEM_LIST.TABLE, TABLE),
    name(NFTA.SET_ELEM_LIST.SET, of),
    nested(NFTA.SET_ELEM_LIST.ELEMENTS, nested(1, ...parts)),
  ];
}
