import type { Clock, Logger } from "@kubehop/kit";
import type { ServedAddress } from "../served-address.ts";
import type { DnsMetrics } from "../metrics.ts";
import type { HopObserver } from "../hop-observer.ts";
import type { Endpoint } from "../query.ts";
import { createResponder } from "./responder.ts";
import { listenTcp, type TcpOptions } from "./tcp.ts";
import type { TlsSettings } from "./tls.ts";
import { listenUdp } from "./udp.ts";

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
  readonly hops: HopObserver;
  onDefect(): void;
}

interface Pair extends AsyncDisposable {
  readonly port: number;
  /** What it answers from and how; a reload puts another in its place. */
  address: ServedAddress;
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
      pair.address = address;
      wanted.set(keyOf(address), pair);
    }
    const unwanted = [...open].filter(([key]) => !wanted.has(key)).map(([, pair]) => pair);
    open = wanted;
    await closeAll(unwanted);
    return [...wanted.values()].map(({ address, port }) => ({ ip: address.host, port }));
  }
}

/** Sockets are kept as long as this stays the same. */
function keyOf({ host, port, sockets, tls }: ServedAddress): string {
  // A socket on a free port that it does not share cannot begin to share it.
  const place = port === 0 && sockets > 1 ? "shared" : port;
  return `${host} ${place} ${tls === undefined ? "dns" : "tls"}`;
}

async function closeAll(pairs: Iterable<AsyncDisposable>): Promise<void> {
  await Promise.all([...pairs].map((pair) => pair[Symbol.asyncDispose]()));
}

async function openPair(address: ServedAddress, options: ListenersOptions): Promise<Pair> {
  const pair = { address, port: address.port, local: { ip: address.host, port: address.port } };
  const respond = createResponder({
    ...options,
    table: () => pair.address.table,
    local: () => pair.local,
  });
  const wanted = {
    host: address.host,
    respond,
    logger: options.logger,
    timeouts: () => pair.address.timeouts,
    tls: tlsOf(address, pair),
  };
  for (let attempt = 1; ; attempt++) {
    await using opened = new AsyncDisposableStack();
    try {
      pair.port = await openSockets(wanted, address, opened);
      pair.local = { ip: address.host, port: pair.port };
      const kept = opened.move();
      return Object.assign(pair, { [Symbol.asyncDispose]: () => kept.disposeAsync() });
    } catch (error) {
      if (address.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** The settings in force; a listener stays plain or TLS for its life. */
function tlsOf(
  { tls }: ServedAddress,
  pair: { readonly address: ServedAddress },
): (() => TlsSettings) | undefined {
  return tls === undefined ? undefined : () => pair.address.tls ?? tls;
}

/** Opens UDP and TCP sockets of one port, or of TLS only; gives the port. */
async function openSockets(
  wanted: Omit<TcpOptions, "port">,
  { port: asked, sockets, tls }: ServedAddress,
  opened: AsyncDisposableStack,
): Promise<number> {
  // A free port is only free for sure to a socket that does not share it.
  let port = asked === 0 && sockets > 1 ? await freePort(wanted) : asked;
  const shared = port !== 0;
  if (tls === undefined) port = opened.use(await listenUdp({ ...wanted, port, shared })).port;
  return opened.use(await listenTcp({ ...wanted, port, shared })).port;
}

async function freePort(wanted: Omit<TcpOptions, "port">): Promise<number> {
  await using probe = await listenUdp({ ...wanted, port: 0 });
  return probe.port;
}
