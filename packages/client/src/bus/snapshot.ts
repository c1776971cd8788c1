import { createInbox, type Msg, nuid } from "@nats-io/transport-node";
import type { BusConnection } from "./connection.ts";
import {
  type Delivery,
  entryOfDelivery,
  parseDelivery,
  type RegistryEntry,
} from "./registry-entry.ts";
import { inboxPrefix, REGISTRY_STREAM, REGISTRY_SUBJECT } from "./subjects.ts";

/** What of the registry to read. */
export interface SnapshotOptions {
  /** Keys, with NATS wildcards: `services.>`. */
  readonly filter: string;
  /** Leaves the values empty; for those who only need keys. */
  readonly keysOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** One key's state, and when it was written (unix ms). */
export type SnapshotEntry = RegistryEntry & { readonly time: number };

const REQUEST_TIMEOUT_MS = 1_000;
/** The server speaks at least this often, or it is gone. */
const HEARTBEAT_MS = 250;
const SILENCE_LIMIT_MS = 4 * HEARTBEAT_MS;
/** The server forgets a consumer that nobody listens to any more. */
const INACTIVE_THRESHOLD_MS = 5_000;

/**
 * Reads the last state of every key of a filter, delete markers included, in order of revision.
 * Rejects when the server goes silent, a message is missing, or the registry does not exist yet;
 * the caller tries again.
 *
 * It is one ephemeral push consumer: the form that nats-server 2.9 and a read-only user with one
 * permitted filter can both use, and the fastest one.
 */
export async function readSnapshot(
  connection: BusConnection,
  options: SnapshotOptions,
): Promise<SnapshotEntry[]> {
  options.signal?.throwIfAborted();
  const inbox = createInbox(inboxPrefix(connection.user));
  const received = receive(connection, inbox, options.signal);
  received.done.catch(() => {});
  try {
    received.created(await createConsumer(connection, inbox, options));
    return await received.done;
  } finally {
    received.stop();
  }
}

interface Receiver {
  /** The consumer exists and found so many keys. */
  created(keys: number): void;
  readonly done: Promise<SnapshotEntry[]>;
  stop(): void;
}

/**
 * The list is complete when nothing is pending and as many keys came as the consumer found. The
 * count is needed: a key that is written while the list runs loses its place in it and comes
 * again behind it, and the server says "0 pending" before that (seen with 2.9.10 and 2.11.9). An
 * idle heartbeat after the last message ends the list too (keys may vanish by a purge).
 */
function receive(
  connection: BusConnection,
  inbox: string,
  signal: AbortSignal | undefined,
): Receiver {
  const { promise, resolve, reject } = Promise.withResolvers<SnapshotEntry[]>();
  const entries = new Map<string, SnapshotEntry>();
  let received = 0;
  let found = Number.POSITIVE_INFINITY;
  let pending = Number.POSITIVE_INFINITY;
  const silence = setTimeout(() => reject(new Error("no answer to a snapshot")), SILENCE_LIMIT_MS);

  const finish = (): void => resolve([...entries.values()]);
  const onData = (message: Msg, delivery: Delivery): void => {
    received += 1;
    if (delivery.consumerSequence !== received) {
      return reject(new Error(`snapshot misses message ${received}`));
    }
    const entry = { ...entryOfDelivery(message, delivery), time: delivery.time };
    // Taken out first, so that the order stays the order of revisions.
    entries.delete(entry.key);
    entries.set(entry.key, entry);
    pending = delivery.pending;
    if (pending === 0 && entries.size >= found) finish();
  };
  const subscription = connection.nats.subscribe(inbox, {
    callback: (error, message) => {
      if (error !== null) return reject(error);
      silence.refresh();
      const delivery = parseDelivery(message.reply);
      if (delivery !== undefined) return onData(message, delivery);
      const delivered = answerControl(connection, message);
      if (delivered === received && found !== Number.POSITIVE_INFINITY) finish();
    },
  });
  const onAbort = (): void => reject(signal?.reason ?? new Error("aborted"));
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    created(keys) {
      found = keys;
      if (keys === 0 || (pending === 0 && entries.size >= found)) finish();
    },
    done: promise,
    stop() {
      clearTimeout(silence);
      signal?.removeEventListener("abort", onAbort);
      subscription.unsubscribe();
    },
  };
}

/**
 * Answers flow control: it asks by a reply subject, or, when it waits already, by a header of a
 * heartbeat. Gives how many messages were delivered when the message is an idle heartbeat.
 */
function answerControl({ nats }: BusConnection, message: Msg): number | undefined {
  if (message.headers?.code !== 100) return undefined;
  if (message.reply) {
    message.respond();
    return undefined;
  }
  const stalled = message.headers.get("Nats-Consumer-Stalled");
  if (stalled !== "") {
    nats.publish(stalled);
    return undefined;
  }
  return Number(message.headers.get("Nats-Last-Consumer"));
}

async function createConsumer(
  { nats }: BusConnection,
  inbox: string,
  options: SnapshotOptions,
): Promise<number> {
  const name = nuid.next();
  const filter = `${REGISTRY_SUBJECT}.${options.filter}`;
  const config = {
    name,
    deliver_subject: inbox,
    deliver_policy: "last_per_subject",
    filter_subject: filter,
    ack_policy: "none",
    replay_policy: "instant",
    flow_control: true,
    idle_heartbeat: HEARTBEAT_MS * 1e6,
    inactive_threshold: INACTIVE_THRESHOLD_MS * 1e6,
    headers_only: options.keysOnly ?? false,
    mem_storage: true,
    num_replicas: 1,
  };
  const reply = await nats.request(
    `$JS.API.CONSUMER.CREATE.${REGISTRY_STREAM}.${name}.${filter}`,
    JSON.stringify({ stream_name: REGISTRY_STREAM, config }),
    { timeout: REQUEST_TIMEOUT_MS },
  );
  const answer = reply.json<{ num_pending?: number; error?: { description: string } }>();
  if (answer.error !== undefined) throw new Error(answer.error.description);
  return answer.num_pending ?? 0;
}
