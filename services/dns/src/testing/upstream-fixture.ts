import { decodeMessage, encodeMessage, Flag, type Message } from "@kubehop/dns-wire";
import { createLogger } from "@kubehop/kit";
import type { Packet } from "../server/responder.ts";
import { listenTcp } from "../server/tcp.ts";
import { type DnsListener, type ListenOptions, listenUdp } from "../server/udp.ts";

/** A DNS server on 127.0.0.1 that answers as a test says. */
export interface UpstreamFixture extends AsyncDisposable {
  readonly port: number;
  /** Names asked so far, with the protocol: `udp example.org. A`. */
  readonly asked: readonly string[];
}

/** The parts of an answer, octets to send as they are, or undefined for none. */
type Scripted = Partial<Message> | Buffer | undefined;

/** Gives an answer, at once or later. */
export type Script = (query: Message, packet: Packet) => Scripted | Promise<Scripted>;

/** A `forward` of all names that waits longer for the upstream than a busy machine needs. */
export function forwardTo(to: number | string, options = ""): string {
  const upstream = typeof to === "number" ? `127.0.0.1:${to}` : to;
  return `forward . ${upstream} {\n read_timeout 30s\n ${options}\n }`;
}

/** Starts an upstream on UDP and TCP of one port. */
export async function startUpstream(script: Script): Promise<UpstreamFixture> {
  const asked: string[] = [];
  const logger = createLogger({ name: "upstream", level: "silent" });
  const respond = (packet: Packet): Buffer | undefined | Promise<Buffer | undefined> => {
    const query = decodeMessage(packet.bytes);
    const [question] = query.questions;
    asked.push(`${packet.protocol} ${question?.name} ${question?.type}`);
    const encode = (parts: Scripted): Buffer | undefined => {
      if (parts === undefined || Buffer.isBuffer(parts)) return parts;
      return encodeMessage({ ...query, flags: Flag.QR | Flag.RD | Flag.RA, ...parts });
    };
    const scripted = script(query, packet);
    return scripted instanceof Promise ? scripted.then(encode) : encode(scripted);
  };
  const { udp, tcp } = await listenOnBoth({ host: "127.0.0.1", respond, logger });
  return {
    port: udp.port,
    asked,
    async [Symbol.asyncDispose]() {
      await Promise.all([udp[Symbol.asyncDispose](), tcp[Symbol.asyncDispose]()]);
    },
  };
}

const PORT_ATTEMPTS = 20;

/** Finds a port that is free on UDP and on TCP. */
async function listenOnBoth(
  options: Omit<ListenOptions, "port">,
): Promise<{ udp: DnsListener; tcp: DnsListener }> {
  for (let attempt = 1; ; attempt++) {
    const udp = await listenUdp({ ...options, port: 0 });
    try {
      return { udp, tcp: await listenTcp({ ...options, port: udp.port }) };
    } catch (error) {
      await udp[Symbol.asyncDispose]();
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}
