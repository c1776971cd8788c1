import { setTimeout as delay } from "node:timers/promises";
import {
  type JetStreamClient,
  type JetStreamManager,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  StorageType,
  type StoredMsg,
  type StreamConfig,
} from "@nats-io/jetstream";
import { headers, nuid } from "@nats-io/transport-node";
import { type Bus, type BusConnection, connectionOf } from "./connection.ts";
import { DELETE_OPERATION, OPERATION_HEADER } from "./registry-entry.ts";
import { startMarkerPurge } from "./marker-purge.ts";
import { REGISTRY_STREAM, REGISTRY_SUBJECT } from "./subjects.ts";

/** Who writes lost a race: the key's revision is not the one the writer saw. */
export class RevisionMismatch extends Error {
  override readonly name = "RevisionMismatch";
  /** The key that was to be written. */
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`the registry key ${key} was changed by somebody else`, options);
    this.key = key;
  }
}

/**
 * The write side of the registry. Each write is a compare-and-set and gives the new revision; it
 * rejects with RevisionMismatch when the race is lost, and with another Error, within 10 s, when
 * the store cannot be reached (then the write may or may not have happened).
 */
export interface RegistryWriter extends AsyncDisposable {
  /** Writes a key that must not exist. */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Writes a key whose last revision is known. */
  update(key: string, value: Uint8Array, lastRevision: number): Promise<number>;
  /** Puts a delete marker that carries the object as it was. */
  delete(key: string, lastValue: Uint8Array, lastRevision: number): Promise<number>;
  /** The revision of a key's last write or deletion; 0 when there is none. */
  lastRevision(key: string): Promise<number>;
  /**
   * The revision of the last write of all, whoever made it; 0 when there is none. Asks once, and
   * rejects within 2 s, at once while the connection is lost.
   */
  revision(): Promise<number>;
}

/** A write may have happened, and the registry no longer shows whether it did. */
class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}

/** The largest value, and room for the headers of a write. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024 + 4 * 1024;
const WRITE_DEADLINE_MS = 10_000;
/** An acknowledgement is lost with the server's process: ask again soon. */
const ACK_TIMEOUT_MS = 400;
const MAX_ACK_TIMEOUT_MS = 3_200;
const RETRY_MS = 50;
/** Longer than any write is retried. */
const DUPLICATE_WINDOW_MS = 30_000;
const WRONG_LAST_SEQUENCE = 10071;
const STREAM_NAME_IN_USE = 10058;
/** The message id under which a message was stored. */
const ID_HEADER = "Nats-Msg-Id";
/** The sequence that a message has replaced, 0 for none. */
const REPLACED_HEADER = "Nats-Expected-Last-Subject-Sequence";

/** Makes sure the registry exists, with its settings, and gives the right to write to it. */
export async function openRegistry(bus: Bus): Promise<RegistryWriter> {
  const connection = connectionOf(bus);
  const manager = await retrying(() => ensureStream(connection));
  const purge = startMarkerPurge(connection, manager);
  const write = createWrite(jetstream(connection.nats), manager);

  return {
    async create(key, value) {
      try {
        return await write({ key, value, lastRevision: 0 });
      } catch (error) {
        if (!(error instanceof RevisionMismatch)) throw error;
        const last = await retrying(() => lastMessage(manager, key));
        if (last !== undefined && last.header.get(OPERATION_HEADER) === "") throw error;
        // A marker is replaced; one that was purged between the two looks leaves nothing.
        return write({ key, value, lastRevision: last?.seq ?? 0 });
      }
    },
    update: (key, value, lastRevision) => write({ key, value, lastRevision }),
    delete: (key, value, lastRevision) => write({ key, value, lastRevision, marker: true }),
    async lastRevision(key) {
      const last = await retrying(() => lastMessage(manager, key));
      return last?.seq ?? 0;
    },
    async revision() {
      if (!bus.connected()) throw new Error("the connection to nats-server is lost");
      const { state } = await manager.streams.info(REGISTRY_STREAM);
      return state.last_seq;
    },
    [Symbol.asyncDispose]: () => purge[Symbol.asyncDispose](),
  };
}

interface Write {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision the key must have; 0 for none. */
  readonly lastRevision: number;
  readonly marker?: boolean;
}

/**
 * A write whose acknowledgement does not come may have happened. The message id makes asking again
 * safe: the server answers a repeat with the sequence of the first.
 */
function createWrite(
  client: JetStreamClient,
  manager: JetStreamManager,
): (write: Write) => Promise<number> {
  const together = createGathering();
  return async (write) => {
    const { key, value, lastRevision, marker } = write;
    const msgID = nuid.next();
    const expect = { lastSubjectSequence: lastRevision };
    const options = { msgID, expect };
    const markerHeaders = headers();
    if (marker === true) markerHeaders.set(OPERATION_HEADER, DELETE_OPERATION);
    const subject = `${REGISTRY_SUBJECT}.${key}`;
    let attempts = 0;
    await together();
    return retrying(async () => {
      attempts += 1;
      try {
        // A server that is only slow is not asked more and more often.
        const timeout = Math.min(ACK_TIMEOUT_MS * 2 ** (attempts - 1), MAX_ACK_TIMEOUT_MS);
        const all = { ...options, timeout, headers: markerHeaders };
        const ack = await client.publish(subject, value, all);
        return ack.seq;
      } catch (error) {
        if (!isApiError(error, WRONG_LAST_SEQUENCE)) throw error;
        if (attempts === 1) throw new RevisionMismatch(key, { cause: error });
        return await outcomeOfRepeat(manager, write, msgID);
      }
    });
  };
}

/**
 * Lets all who come in one turn of the event loop go on together: what they publish then leaves in
 * one system call instead of one each.
 */
function createGathering(): () => Promise<void> {
  let current: Promise<void> | undefined;
  return () => {
    current ??= new Promise((resolve) => {
      setImmediate(() => {
        current = undefined;
        resolve();
      });
    });
    return current;
  };
}

/**
 * What became of a write whose repeat met another revision than it expected. A server that was
 * restarted knows only the ids of messages that are still there; the first attempt's may have
 * been stored and written over before. The key's last message tells its own id and what it
 * replaced; if it replaced something else, nobody can tell.
 */
async function outcomeOfRepeat(
  manager: JetStreamManager,
  { key, lastRevision }: Write,
  id: string,
): Promise<number> {
  const last = await lastMessage(manager, key);
  if (last?.header.get(ID_HEADER) === id) return last.seq;
  const replaced = last?.header.get(REPLACED_HEADER);
  if (replaced === String(lastRevision)) throw new RevisionMismatch(key);
  throw new OutcomeUnknown(`the registry key ${key} was written over before a write was confirmed`);
}

/** What the stream's leader has last for a key; a direct get may be answered by a follower. */
async function lastMessage(manager: JetStreamManager, key: string): Promise<StoredMsg | undefined> {
  const subject = `${REGISTRY_SUBJECT}.${key}`;
  const last = await manager.streams.getMessage(REGISTRY_STREAM, { last_by_subj: subject });
  return last ?? undefined;
}

async function ensureStream({ nats }: BusConnection): Promise<JetStreamManager> {
  const manager = await jetstreamManager(nats, { timeout: ACK_TIMEOUT_MS * 5 });
  const config = streamConfig();
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!isApiError(error, STREAM_NAME_IN_USE)) throw error;
    await manager.streams.update(REGISTRY_STREAM, config);
  }
  return manager;
}

/** A KV bucket as NATS ADR-8 lays it out, with history 1 and republished writes. */
function streamConfig(): Partial<StreamConfig> & { name: string } {
  return {
    name: REGISTRY_STREAM,
    subjects: [`${REGISTRY_SUBJECT}.>`],
    storage: StorageType.File,
    max_msgs_per_subject: 1,
    max_msg_size: MAX_MESSAGE_BYTES,
    duplicate_window: DUPLICATE_WINDOW_MS * 1e6,
    discard: "new",
    allow_rollup_hdrs: true,
    allow_direct: true,
    deny_delete: false,
    republish: { src: `${REGISTRY_SUBJECT}.>`, dest: `evt.${REGISTRY_SUBJECT}.>` },
  };
}

/** Tries until the deadline, except when the answer is a clear no. */
async function retrying<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WRITE_DEADLINE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (isFinal(error) || performance.now() + RETRY_MS > deadline) throw error;
      await delay(RETRY_MS);
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof RevisionMismatch || error instanceof OutcomeUnknown || isRefusal(error);
}

/** JetStream said no; but "not ready" (503) right after a start is worth another try. */
function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status < 500;
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
