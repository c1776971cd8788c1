import type { Clock, Logger } from "@kubehop/kit";
import type { ServedAddress } from "../instance.ts";
import type { DnsMetrics } from "../metrics.ts";
import type { Endpoint, Observer } from "../query.ts";
import type { ServerTable } from "../server-table.ts";
import { createResponder } from "./responder.ts";
import { listenTcp } from "./tcp.ts";
import { type DnsListener, listenUdp } from "./udp.ts";

/** The sockets of a process. A reload keeps those it still needs, so that no query is lost. */
export interface Listeners extends AsyncDisposable {
  /**
   * Opens what is new; rejects, with nothing changed, when an address cannot be bound. The result
   * then puts the new tables in force, closes what is not wanted any more and gives the addresses.
   */
  prepare(addresses: readonly ServedAddress[]): Promise<Prepared>;
}

/** Sockets that are open and wait to be used. */
export interface Prepared {
  commit(): Promise<readonly Endpoint[]>;
  rollback(): Promise<void>;
}

/** What listeners answer with. */
export interface ListenersOptions {
  readonly metrics: DnsMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observer: Observer;
}

interface Pair extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  table: ServerTable;
}

/** Tries to find a port that is free on UDP and TCP. */
const PORT_ATTEMPTS = 20;

/** Creates an empty set of listeners. */
export function createListeners(options: ListenersOptions): Listeners {
  let open = new Map<string, Pair>();
  return {
    async prepare(addresses) {
      const added = new Map<string, Pair>();
      const rollback = async (): Promise<void> => closeAll(added.values());
      try {
        for (const address of addresses) {
          const key = keyOf(address);
          if (!open.has(key)) added.set(key, await openPair(address, options));
        }
      } catch (error) {
        await rollback();
        throw error;
      }
      return { rollback, commit: () => commit(addresses, added) };
    },
    async [Symbol.asyncDispose]() {
      await closeAll(open.values());
      open = new Map();
    },
  };

  async function commit(
    addresses: readonly ServedAddress[],
    added: ReadonlyMap<string, Pair>,
  ): Promise<readonly Endpoint[]> {
    const wanted = new Map<string, Pair>();
    for (const address of addresses) {
      const pair = added.get(keyOf(address)) ?? open.get(keyOf(address));
      if (pair === undefined) continue;
      pair.table = address.table;
      wanted.set(keyOf(address), pair);
    }
    const unwanted = [...open].filter(([key]) => !wanted.has(key)).map(([, pair]) => pair);
    open = wanted;
    await closeAll(unwanted);
    return [...wanted.values()].map(({ host, port }) => ({ ip: host, port }));
  }
}

function keyOf({ host, port }: ServedAddress): string {
  return `${host} ${port}`;
}

async function closeAll(pairs: Iterable<Pair>): Promise<void> {
  await Promise.all([...pairs].map((pair) => pair[Symbol.asyncDispose]()));
}

async function openPair(address: ServedAddress, options: ListenersOptions): Promise<Pair> {
  const pair = { host: address.host, table: address.table };
  const respond = createResponder({ ...options, table: () => pair.table });
  const listen = { host: address.host, respond, logger: options.logger };
  for (let attempt = 1; ; attempt++) {
    const udp = await listenUdp({ ...listen, port: address.port });
    try {
      const tcp = await listenTcp({ ...listen, port: udp.port });
      return Object.assign(pair, { port: udp.port, [Symbol.asyncDispose]: closer(udp, tcp) });
    } catch (error) {
      await udp[Symbol.asyncDispose]();
      if (address.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function closer(...listeners: readonly DnsListener[]): () => Promise<void> {
  return async () => {
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
  };
}
