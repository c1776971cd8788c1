import { className } from "@kubehop/dns-wire";
import ipaddr from "ipaddr.js";
import { answerLimit, type Query } from "../../query.ts";
import { createNetworks } from "../networks.ts";

/** A value of an expression. */
export type Value = boolean | number | string | null | readonly Value[];

/** A function that expressions may call: how many arguments it takes, and its value. */
export interface ViewFunction {
  readonly parameters: number;
  call(query: Query, args: readonly Value[]): Value;
}

const of = (read: (query: Query) => Value): ViewFunction => ({ parameters: 0, call: read });

/** The functions of CoreDNS' view expressions (plugin/pkg/expression). */
export const FUNCTIONS: Readonly<Record<string, ViewFunction>> = {
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
  incidr: { parameters: 2, call: (_query, [ip, cidr]) => isInCidr(ip, cidr) },
  metadata: {
    parameters: 1,
    call: (query, [label]) => query.metadata?.(query, String(label)) ?? "",
  },
};

/** Networks by their text: an expression names the same few for every query. */
const networks = new Map<string, ReturnType<typeof createNetworks>>();
const MAX_NETWORKS = 1_000;

/** An address or a CIDR that is none holds nothing (CoreDNS answers with an error, so no match). */
function isInCidr(ip: Value | undefined, cidr: Value | undefined): boolean {
  if (typeof ip !== "string" || typeof cidr !== "string" || !ipaddr.isValid(ip)) return false;
  let network = networks.get(cidr);
  if (network === undefined) {
    if (!ipaddr.isValidCIDR(cidr)) return false;
    network = createNetworks([cidr]);
    if (networks.size < MAX_NETWORKS) networks.set(cidr, network);
  }
  return network.contains(ip);
}
