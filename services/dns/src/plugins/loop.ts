import { createSocket } from "node:dgram";
import { once } from "node:events";
import { CLASS_IN, encodeMessage, Flag } from "@kubehop/dns-wire";
import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";
import type { Endpoint, Query } from "../query.ts";

const NAME = "loop";
/** Seeing the own probe more often than this means that it came back. */
const MAX_SEEN = 2;
const GIVE_UP_MS = 30_000;
const RETRY_MS = 1_000;
const ANSWER_MS = 2_000;
/** After an answer a loop may still need a moment to come round. */
const SETTLE_MS = 2_000;

/**
 * Finds out at start whether queries that are forwarded come back here: it asks itself for a random
 * name and counts how often it sees it. A loop ends the process, as CoreDNS does.
 */
export const loop: Plugin = {
  name: NAME,
  setup(directives, context) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "loop" });
    refuseBlock(directive);
    const zone = context.zones[0] ?? ".";
    const digits = (): string => String(Math.floor(context.random() * 2 ** 53));
    const name = `${digits()}.${digits()}.${zone === "." ? "" : zone}`;
    const stop = new AbortController();
    let seen = 0;
    let watching = true;
    let probed: Endpoint | undefined;
    const check = (query: Query): void => {
      if (query.name !== name || ++seen <= MAX_SEEN) return;
      watching = false;
      context.logger.fatal(describeLoop({ query, probed, zone }));
      context.abort();
    };
    return {
      allowsReuse: true,
      link: (next) => (query) => {
        if (watching && query.question.type === "HINFO") check(query);
        return next(query);
      },
      listening([first]) {
        if (first === undefined) return;
        probed = reachable(first);
        void probe(probed, name, stop.signal).finally(() => {
          watching = false;
        });
      },
      async stop() {
        stop.abort();
      },
    };
  },
};

/** A wildcard address is reached over loopback. */
function reachable({ ip, port }: Endpoint): Endpoint {
  if (ip === "0.0.0.0") return { ip: "127.0.0.1", port };
  return ip === "::" ? { ip: "::1", port } : { ip, port };
}

function describeLoop(found: { query: Query; probed: Endpoint | undefined; zone: string }): string {
  const { query, probed, zone } = found;
  const { ip, port } = query.client;
  return (
    `plugin/loop: Loop (${ip}:${port} -> :${probed?.port ?? 53}) detected for zone "${zone}", ` +
    "see https://coredns.io/plugins/loop#troubleshooting. " +
    `Query: "HINFO ${query.name}"`
  );
}

/** Asks until one answer comes, at most for half a minute; then waits a moment more. */
async function probe(server: Endpoint, name: string, signal: AbortSignal): Promise<void> {
  const question = { name, type: "HINFO", class: CLASS_IN };
  const none = { answers: [], authorities: [], additionals: [] };
  const head = { id: Math.floor(performance.now()) & 0xffff, flags: Flag.RD, opcode: 0, rcode: 0 };
  const bytes = encodeMessage({ ...head, questions: [question], ...none });
  const deadline = performance.now() + GIVE_UP_MS;
  while (!signal.aborted && performance.now() < deadline) {
    if (await exchange(server, bytes, signal)) {
      await pause(SETTLE_MS, signal);
      return;
    }
    await pause(RETRY_MS, signal);
  }
}

async function exchange(server: Endpoint, bytes: Buffer, signal: AbortSignal): Promise<boolean> {
  const socket = createSocket(server.ip.includes(":") ? "udp6" : "udp4");
  try {
    socket.connect(server.port, server.ip);
    await once(socket, "connect", { signal });
    const answered = once(socket, "message", {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    socket.send(bytes);
    await answered;
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms).unref();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
