import { setTimeout as delay } from "node:timers/promises";
import { connect, errors, type NatsConnection } from "@nats-io/transport-node";
import type { Logger } from "../logger.ts";
import { inboxPrefix } from "./subjects.ts";

/** How to reach the bus and as whom. */
export interface BusOptions {
  /** nats://host:port, or several separated by commas. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** What the server's monitoring calls this connection. */
  readonly name: string;
  readonly logger: Logger;
  /** Ends the first connecting; a bus that is connected is ended by disposing it. */
  readonly signal?: AbortSignal;
}

/** A connection to nats-server that outlives every restart of it. Disposing it closes it. */
export interface Bus extends AsyncDisposable {
  /** Sends an event as JSON; while disconnected it is dropped, never kept. */
  publish(subject: string, event: unknown): void;
  /** Calls back for each event; one that is no JSON is logged and left out. */
  subscribe(subject: string, onEvent: (event: unknown, subject: string) => void): Disposable;
  /** Calls back after each lost and regained connection: what was sent between is gone. */
  onReconnect(callback: () => void): Disposable;
  /** Whether the server can be reached now. */
  connected(): boolean;
}

/** What the other files of this folder see of a bus. */
export interface BusConnection {
  readonly nats: NatsConnection;
  readonly logger: Logger;
  readonly user: string;
  /** Calls back when the connection is lost, before any event after the loss. */
  onDisconnect(callback: () => void): Disposable;
}

const RECONNECT_MS = 100;
const CONNECT_TIMEOUT_MS = 2_000;
/** A server that does not answer this many pings in a row is gone: noticed after 6 s. */
const PING_INTERVAL_MS = 2_000;
const MAX_PINGS_OUT = 2;
/** How often a first connection that fails is worth a line in the log. */
const WARN_EVERY_MS = 5_000;

const connections = new WeakMap<Bus, BusConnection>();

/**
 * Connects to the bus, trying for ever: nats-server may start later than we do. Throws only when
 * the server refuses the user, or when the signal aborts.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const nats = await connectFirst(options);
  return createBus(nats, options);
}

/** The connection behind a bus; for the files of this folder. */
export function connectionOf(bus: Bus): BusConnection {
  const connection = connections.get(bus);
  if (connection === undefined) throw new Error("this bus was not made by connectBus");
  return connection;
}

async function connectFirst(options: BusOptions): Promise<NatsConnection> {
  let warnedAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await dial(options);
    } catch (error) {
      if (error instanceof errors.AuthorizationError) throw refused(options, error);
      if (performance.now() - warnedAt >= WARN_EVERY_MS) {
        warnedAt = performance.now();
        const cause = (error as Error).message;
        options.logger.warn({ url: options.url, cause }, "bus not reachable yet");
      }
      await delay(RECONNECT_MS, undefined, options.signal ? { signal: options.signal } : {});
    }
  }
}

function dial(options: BusOptions): Promise<NatsConnection> {
  return connect({
    servers: options.url.split(","),
    user: options.user,
    pass: options.password,
    name: options.name,
    inboxPrefix: inboxPrefix(options.user),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_MS / 2,
    ignoreAuthErrorAbort: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    // An error with a stack for each request, made before anything has failed, costs too much.
    noAsyncTraces: true,
  });
}

function refused(options: BusOptions, cause: Error): Error {
  const text =
    `nats-server at ${options.url} refused the user "${options.user}": ` +
    "check --bus-user and --bus-password against the users of its configuration";
  return new Error(text, { cause });
}

function createBus(nats: NatsConnection, { logger, user, url }: BusOptions): Bus {
  const reconnectCallbacks = new Set<() => void>();
  const disconnectCallbacks = new Set<() => void>();
  let connected = true;

  const bus: Bus = {
    publish(subject, event) {
      if (connected && !nats.isClosed()) nats.publish(subject, JSON.stringify(event));
    },
    subscribe(subject, onEvent) {
      const subscription = nats.subscribe(subject, {
        callback: (error, message) => {
          if (error !== null) return logger.error({ subject, err: error }, "subscription refused");
          try {
            onEvent(message.json(), message.subject);
          } catch (err) {
            logger.warn({ subject: message.subject, err }, "event ignored");
          }
        },
      });
      return { [Symbol.dispose]: () => subscription.unsubscribe() };
    },
    onReconnect: (callback) => register(reconnectCallbacks, callback),
    connected: () => connected,
    async [Symbol.asyncDispose]() {
      connected = false;
      await nats.close();
    },
  };

  const followStatus = async (): Promise<void> => {
    for await (const status of nats.status()) {
      if (status.type === "disconnect") {
        connected = false;
        logger.warn({ url }, "bus lost");
        for (const callback of disconnectCallbacks) callback();
      } else if (status.type === "reconnect") {
        connected = true;
        logger.info({ url: status.server }, "bus regained");
        for (const callback of reconnectCallbacks) callback();
      } else if (status.type === "error") {
        logger.warn({ err: status.error }, "bus error");
      }
    }
  };
  followStatus().catch((err: unknown) => logger.error({ err }, "bus status lost"));
  const onDisconnect = (callback: () => void): Disposable =>
    register(disconnectCallbacks, callback);
  connections.set(bus, { nats, logger, user, onDisconnect });
  return bus;
}

/** Adds a callback; disposing takes exactly this registration away again. */
function register(callbacks: Set<() => void>, callback: () => void): Disposable {
  const own = (): void => callback();
  callbacks.add(own);
  return { [Symbol.dispose]: () => callbacks.delete(own) };
}
