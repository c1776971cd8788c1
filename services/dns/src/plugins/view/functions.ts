import { isIP } from "node:net";
import { className } from "@kubehop/dns-wire";
import ipaddr from "ipaddr.js";
import { answerLimit, type Query } from "../../query.ts";
import { createNetworks } from "../networks.ts";

/** A value of an expression. */
export type Value = boolean | number | string | null | readonly Value[];

/** What an expression is about. */
export interface Scope {
  readonly query: Query;
  /** Variables by name. */
  readonly variables?: Readonly<Record<string, Value>>;
  /** Groups of a regular expression by name and number (`template`). */
  readonly groups?: Readonly<Record<string, string>>;
  /** What `#` stands for inside of any(), all() and none(). */
  readonly item?: Value;
}

/** A function that expressions may call: how many arguments it takes, and its value. */
export interface ExpressionFunction {
  readonly parameters: number;
  call(scope: Scope, args: readonly Value[]): Value;
}

const of = (read: (query: Query) => Value): ExpressionFunction => ({
  parameters: 0,
  call: ({ query }) => read(query),
});

/** The functions of CoreDNS' expressions (plugin/pkg/expression), and some of expr-lang's own. */
export const FUNCTIONS: Readonly<Record<string, ExpressionFunction>> = {
  bufsize: of((query) => answerLimit(query)),
  class: of(({ question }) => className(question.class)),
  client_ip: of(({ client }) => client.ip),
  do: of(({ edns }) => edns?.dnssecOk === true),
  id: of(({ id }) => id),
  name: of(({ name }) => name),
  opcode: of(({ opcode }) => opcode),
  port: of(({ client }) => String(client.port)),
  proto: of(({ protocol }) => protocol),
  server_ip: of(({ local }) => local.ip),
  server_port: of(({ local }) => String(local.port)),
  size: of(({ size }) => size),
  type: of(({ question }) => question.type),
  incidr: { parameters: 2, call: (_scope, [ip, cidr]) => isInCidr(ip, cidr) },
  metadata: {
    parameters: 1,
    call: ({ query }, [label]) => query.metadata?.(query, String(label)) ?? "",
  },
  len: { parameters: 1, call: (_scope, [value]) => lengthOf(value) },
  lower: { parameters: 1, call: (_scope, [text]) => toText(text).toLowerCase() },
  upper: { parameters: 1, call: (_scope, [text]) => toText(text).toUpperCase() },
  replace: {
    parameters: 3,
    call: (_scope, [text, from, to]) => toText(text).replaceAll(toText(from), () => toText(to)),
  },
};

/** `group(NAME or NUMBER)`, which only `template` has; empty when there is no such group. */
export const GROUP: ExpressionFunction = {
  parameters: 1,
  call({ groups = {} }, [key]) {
    const name = String(key);
    return Object.hasOwn(groups, name) ? (groups[name] ?? "") : "";
  },
};

function lengthOf(value: Value | undefined): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  throw new TypeError("len needs text or a list");
}

function toText(value: Value | undefined): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${JSON.stringify(value)} is not text`);
}

/** Networks by their text: an expression names the same few for every query. */
const networks = new Map<string, ReturnType<typeof createNetworks>>();
const MAX_NETWORKS = 1_000;

/** Throws TypeError for an address or a CIDR that is none. */
function isInCidr(address: Value | undefined, net: Value | undefined): boolean {
  const [ip, cidr] = [toText(address), toText(net)];
  if (isIP(ip) === 0) throw new TypeError(`"${ip}" is not an IP address`);
  let network = networks.get(cidr);
  if (network === undefined) {
    if (!ipaddr.isValidCIDR(cidr)) throw new TypeError(`"${cidr}" is not a CIDR`);
    network = createNetworks([cidr]);
    if (networks.size < MAX_NETWORKS) networks.set(cidr, network);
  }
  return network.contains(ip);
}
