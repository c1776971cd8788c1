import type { Msg } from "@nats-io/transport-node";
import { REGISTRY_EVENT_SUBJECT, REGISTRY_SUBJECT } from "./subjects.ts";

/** One state of one key of the registry; the revision is the stream sequence of its write. */
export type RegistryEntry =
  | {
      readonly key: string;
      readonly revision: number;
      readonly deleted: false;
      /** The object's JSON without metadata.resourceVersion. */
      readonly value: Uint8Array;
    }
  | {
      readonly key: string;
      readonly revision: number;
      readonly deleted: true;
      /** The object as it was when it was deleted; empty when only its absence was noticed. */
      readonly lastValue: Uint8Array;
    };

/** The header and the value of it that make a message a delete marker (NATS ADR-8). */
export const OPERATION_HEADER = "KV-Operation";
/** See OPERATION_HEADER. */
export const DELETE_OPERATION = "DEL";

/** Where a consumer's message comes from, as its reply subject tells. */
export interface Delivery {
  readonly streamSequence: number;
  readonly consumerSequence: number;
  /** Unix time of the write in ms. */
  readonly time: number;
  /** How many messages this consumer has still to come. */
  readonly pending: number;
}

/**
 * Reads a reply subject `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.
 * <pending>`; the longer form has a domain and an account hash in front (NATS ADR-15). Gives
 * undefined for anything else.
 */
export function parseDelivery(reply: string | undefined): Delivery | undefined {
  if (reply === undefined || !reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const offset = tokens.length >= 11 ? 7 : 5;
  const [streamSequence, consumerSequence, nanoseconds, pending] = tokens
    .slice(offset, offset + 4)
    .map(Number);
  if (streamSequence === undefined || consumerSequence === undefined) return undefined;
  if (nanoseconds === undefined || pending === undefined) return undefined;
  return { streamSequence, consumerSequence, time: nanoseconds / 1e6, pending };
}

/** The entry in a message that a consumer delivered from the stream. */
export function entryOfDelivery(message: Msg, delivery: Delivery): RegistryEntry {
  const key = message.subject.slice(REGISTRY_SUBJECT.length + 1);
  return entry(key, delivery.streamSequence, message);
}

/** An entry that the server published right after the write. */
export interface PublishedEntry {
  readonly entry: RegistryEntry;
  /** The revision that this write replaced; 0 when the key had none. */
  readonly previousRevision: number;
}

/** The entry in a message of the republished registry. */
export function entryOfEvent(message: Msg): PublishedEntry {
  const key = message.subject.slice(REGISTRY_EVENT_SUBJECT.length + 1);
  const revision = Number(message.headers?.get("Nats-Sequence"));
  const previousRevision = Number(message.headers?.get("Nats-Last-Sequence"));
  return { entry: entry(key, revision, message), previousRevision };
}

function entry(key: string, revision: number, message: Msg): RegistryEntry {
  const operation = message.headers?.get(OPERATION_HEADER) ?? "";
  // A purge (nats CLI) removes a key as a delete does.
  const deleted = operation === DELETE_OPERATION || operation === "PURGE";
  if (deleted) return { key, revision, deleted, lastValue: message.data };
  return { key, revision, deleted, value: message.data };
}
