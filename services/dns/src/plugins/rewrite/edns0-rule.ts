import { type Edns, EDNS_VERSION, type EdnsOption, EdnsOptionCode } from "@kubehop/dns-wire";
import ipaddr from "ipaddr.js";
import { type Directive, invalidArgument, parseNumber } from "../../corefile/directive.ts";
import { echoedOptions, type Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import type { Rewrite } from "./rule.ts";

const ACTIONS = ["set", "append", "replace", "unset"] as const;
type Action = (typeof ACTIONS)[number];

const CLIENT_SUBNET = 8;
const NEW_EDNS: Edns = { udpSize: 4_096, version: EDNS_VERSION, dnssecOk: false, options: [] };

/** Makes an option's data from a query. */
type MakeData = (query: Query) => Buffer;

/**
 * `edns0 local ACTION CODE [DATA|{VARIABLE}]`, `edns0 nsid ACTION`, `edns0 subnet ACTION V4BITS
 * V6BITS`, ACTION being set, append (only if it is absent), replace (only if it is there) or
 * unset. A local option goes back to a client with EDNS too, unless `revert` ends the rule.
 */
export function readEdns0Rule(directive: Directive, words: readonly string[]): Rewrite {
  const revert = words.at(-1) === "revert";
  const [kind = "", actionText = "", ...args] = revert ? words.slice(0, -1) : words;
  const action = ACTIONS.find((each) => each === actionText);
  if (action === undefined)
    throw invalidArgument(directive, actionText, `one of ${ACTIONS.join(", ")}`);
  switch (kind) {
    case "local": {
      const code = readCode(directive, args[0] ?? "");
      return createRule(action, code, { makeData: readData(directive, args[1] ?? ""), revert });
    }
    case "nsid":
      return createRule(action, EdnsOptionCode.NSID, { makeData: () => Buffer.alloc(0) });
    case "subnet":
      return createRule(action, CLIENT_SUBNET, { makeData: readSubnet(directive, action, args) });
    default:
      throw invalidArgument(directive, kind, "local, nsid or subnet");
  }
}

interface OptionRule {
  readonly makeData: MakeData;
  /** Whether answers do not have the option; others than local ones never do. */
  readonly revert?: boolean;
}

function createRule(
  action: Action,
  code: number,
  { makeData, revert = true }: OptionRule,
): Rewrite {
  return (query) => {
    const edns = query.edns ?? NEW_EDNS;
    const there = edns.options.some((option) => option.code === code);
    const due = action === "set" || there === (action !== "append");
    if (!due) return undefined;
    const others = edns.options.filter((option) => option.code !== code);
    const added: EdnsOption[] = action === "unset" ? [] : [{ code, data: makeData(query) }];
    const rewritten = { ...query, edns: { ...edns, options: [...others, ...added] } };
    const [option] = added;
    if (revert || option === undefined) return { query: rewritten };
    return { query: rewritten, onReply: (reply) => withOption(query, reply, option) };
  };
}

/** What a later rule put there stays. */
function withOption(query: Query, reply: Reply, option: EdnsOption): Reply {
  const options = reply.options ?? echoedOptions(query);
  if (options.some(({ code }) => code === option.code)) return reply;
  return { ...reply, options: [...options, option] };
}

function readCode(directive: Directive, text: string): number {
  const code = /^0x[0-9a-f]{1,4}$|^\d{1,5}$/i.test(text) ? Number(text) : Number.NaN;
  if (code <= 0xffff) return code;
  throw invalidArgument(directive, text, "an option's code, like 0xffee");
}

const VARIABLES: Readonly<Record<string, MakeData>> = {
  qname: ({ question }) => Buffer.from(question.name, "latin1"),
  qtype: ({ question }) => Buffer.from(question.type),
  client_ip: ({ client }) => toOctets(client.ip),
  client_port: ({ client }) => toUint16(client.port),
  protocol: ({ protocol }) => Buffer.from(protocol),
  server_ip: ({ local }) => toOctets(local.ip),
  server_port: ({ local }) => toUint16(local.port),
};

/** `0x…` is hexadecimal, `{…}` a variable or a label of metadata, anything else text. */
function readData(directive: Directive, text: string): MakeData {
  const variable = /^\{(.+)\}$/.exec(text)?.[1];
  if (variable !== undefined) {
    const known = Object.hasOwn(VARIABLES, variable) ? VARIABLES[variable] : undefined;
    if (known !== undefined) return known;
    if (variable.includes("/")) {
      return (query) => Buffer.from(query.metadata?.(query, variable) ?? "", "utf8");
    }
    const names = Object.keys(VARIABLES).join(", ");
    throw invalidArgument(directive, text, `a variable: ${names} or a label with a slash`);
  }
  if (!text.startsWith("0x")) return () => Buffer.from(text, "utf8");
  if (!/^0x(?:[0-9a-f]{2})*$/i.test(text)) throw invalidArgument(directive, text, "hexadecimal");
  return () => Buffer.from(text.slice(2), "hex");
}

/** The client's network as RFC 7871 §6 writes it. */
function readSubnet(directive: Directive, action: Action, args: readonly string[]): MakeData {
  if (action === "unset") return () => Buffer.alloc(0);
  const [v4 = "", v6 = ""] = args;
  const bits = {
    ipv4: parseNumber(directive, v4, { min: 0, max: 32 }),
    ipv6: parseNumber(directive, v6, { min: 0, max: 128 }),
  };
  return ({ client }) => {
    const address = ipaddr.process(client.ip);
    const length = bits[address.kind()];
    const octets = address.toByteArray().slice(0, Math.ceil(length / 8));
    const last = octets.length - 1;
    const spare = octets.length * 8 - length;
    if (last >= 0) octets[last] = (octets[last] as number) & (0xff << spare);
    return Buffer.from([0, address.kind() === "ipv4" ? 1 : 2, length, 0, ...octets]);
  };
}

function toOctets(ip: string): Buffer {
  return Buffer.from(ipaddr.process(ip).toByteArray());
}

function toUint16(number: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(number);
  return buffer;
}
