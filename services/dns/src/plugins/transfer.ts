import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIP } from "node:net";
import {
  CLASS_IN,
  encodeMessage,
  Flag,
  Opcode,
  Rcode,
  type ResourceRecord,
} from "@kubehop/dns-wire";
import { splitHostPort } from "@kubehop/kit";
import { CorefileError } from "../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import { parseZones } from "../corefile/server-key.ts";
import type { Plugin, SetupContext } from "../plugin.ts";
import type { Endpoint, Query } from "../query.ts";
import { createErrorReply, createReply, type Reply } from "../reply.ts";
import { matchZone, type Zones } from "../zones.ts";

const NAME = "transfer";
const DNS_PORT = 53;
/** Records of one message of a transfer. */
const RECORDS_PER_MESSAGE = 200;
const NOTIFY_TRIES = 3;
const NOTIFY_ANSWER_MS = 2_000;

interface Rule {
  readonly zones: Zones;
  /** Who may transfer and is told of changes. */
  readonly to: readonly Endpoint[];
  /** `to *`. */
  readonly anyone: boolean;
  /** Where they are told from; the system's choice when undefined. */
  readonly source: string | undefined;
}

/** Gives whole zones of `file` and `kubernetes` to those it names (RFC 5936, RFC 1995, RFC 1996). */
export const transfer: Plugin = {
  name: NAME,
  setup(directives, context) {
    const rules = directives.map((directive) => readRule(directive, context.zones));
    const stop = new AbortController();
    const ruleOf = (name: string): Rule | undefined => {
      const zone = matchZone(
        rules.flatMap(({ zones }) => zones),
        name,
      );
      return rules.find(({ zones }) => zone !== undefined && zones.includes(zone));
    };
    return {
      allowsReuse: true,
      link: (next) => (query) => {
        const { type } = query.question;
        const rule = type === "AXFR" || type === "IXFR" ? ruleOf(query.name) : undefined;
        if (rule === undefined) return next(query);
        if (!isAllowed(rule, query)) return createErrorReply(Rcode.REFUSED, NAME);
        const records = findRecords(query, context);
        return records === undefined ? next(query) : toReply(query, records);
      },
      notify(zone) {
        const { to = [], source } = ruleOf(zone) ?? {};
        for (const endpoint of to) {
          void notify(endpoint, zone, { context, signal: stop.signal, source });
        }
      },
      async stop() {
        stop.abort();
      },
    };
  },
};

function isAllowed({ anyone, to }: Rule, { client }: Query): boolean {
  return anyone || to.some(({ ip }) => ip === client.ip);
}

/** The records of the first plugin whose zone this is. */
function findRecords(
  query: Query,
  { siblings }: SetupContext,
): readonly ResourceRecord[] | undefined {
  const soa = query.authorities?.find((record) => record.type === "SOA");
  const serial = query.question.type === "IXFR" ? soa?.serial : undefined;
  for (const instance of siblings().values()) {
    const records = instance.transfer?.(query.name, serial);
    if (records !== undefined) return records;
  }
  return undefined;
}

/** Over UDP an IXFR gets the SOA: who has an older one asks again over TCP (RFC 1995 §2). */
function toReply(query: Query, records: readonly ResourceRecord[]): Reply {
  const [soa] = records;
  if (query.protocol === "udp") {
    if (query.question.type === "AXFR" || soa === undefined) {
      return createErrorReply(Rcode.REFUSED, NAME);
    }
    return createReply(NAME, { answers: [soa] });
  }
  const messages: ResourceRecord[][] = [];
  for (let at = 0; at < records.length; at += RECORDS_PER_MESSAGE) {
    messages.push(records.slice(at, at + RECORDS_PER_MESSAGE));
  }
  const [answers = [], ...more] = messages;
  const reply = createReply(NAME, { answers });
  return more.length === 0 ? reply : { ...reply, more };
}

interface Notifying {
  readonly context: SetupContext;
  readonly signal: AbortSignal;
  readonly source: string | undefined;
}

/** Tells a secondary that a zone changed; a few times, as UDP may lose it. */
async function notify(
  { ip, port }: Endpoint,
  zone: string,
  { context, signal, source }: Notifying,
): Promise<void> {
  const { logger, random } = context;
  const id = Math.floor(random() * 0x1_0000);
  const head = { id, flags: Flag.AA, opcode: Opcode.NOTIFY, rcode: 0 };
  const questions = [{ name: zone, type: "SOA", class: CLASS_IN }];
  const bytes = encodeMessage({
    ...head,
    questions,
    answers: [],
    authorities: [],
    additionals: [],
  });
  const socket = createSocket(isIP(ip) === 6 ? "udp6" : "udp4");
  try {
    if (source !== undefined) await bindTo(socket, source);
    for (let attempt = 0; attempt < NOTIFY_TRIES && !signal.aborted; attempt++) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(NOTIFY_ANSWER_MS)]);
      const answered = once(socket, "message", { signal: limit });
      socket.send(bytes, port, ip);
      if (
        await answered.then(
          () => true,
          () => false,
        )
      )
        return;
    }
    logger.warn({ plugin: NAME, zone, ip, port }, "a secondary did not answer NOTIFY");
  } catch (error) {
    logger.warn({ plugin: NAME, zone, ip, port, err: error }, "NOTIFY could not be sent");
  } finally {
    socket.close();
  }
}

async function bindTo(socket: Socket, address: string): Promise<void> {
  const listening = once(socket, "listening");
  socket.bind(0, address);
  await listening;
}

/** `transfer [ZONES…] { to ADDRESS…; source ADDRESS }`. */
function readRule(directive: Directive, blockZones: Zones): Rule {
  const own = directive.args.flatMap((token) => parseZones(token));
  const to: Endpoint[] = [];
  let anyone = false;
  let source: string | undefined;
  readProperties(directive, {
    source(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "source ADDRESS" });
      if (isIP(text) === 0) throw invalidArgument(property, text, "an IP address");
      source = text;
    },
    to(property) {
      const range = { min: 1, max: 1_000, syntax: "to ADDRESS…" };
      for (const text of takeArguments(property, range)) {
        if (text === "*") anyone = true;
        else to.push(readAddress(property, text));
      }
    },
  });
  if (!anyone && to.length === 0) {
    throw new CorefileError(directive.position, 'transfer: expected at least one "to ADDRESS"');
  }
  return { zones: own.length > 0 ? own : blockZones, to, anyone, source };
}

function readAddress(property: Directive, text: string): Endpoint {
  if (isIP(text) !== 0) return { ip: text, port: DNS_PORT };
  try {
    const { host, port } = splitHostPort(text);
    if (isIP(host) !== 0 && port > 0 && port <= 65_535) return { ip: host, port };
  } catch {
    // Told below.
  }
  throw invalidArgument(property, text, "*, IP or IP:PORT");
}
