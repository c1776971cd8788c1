import { type Event, isNotFound, Kinds, type KubeObject } from "@kubehop/api";
import type { Logger } from "./logger.ts";
import type { RestClient } from "./rest.ts";

/** The objects an event may be about. */
export type EventSubject = Pick<KubeObject, "apiVersion" | "kind" | "metadata">;

/** Tells users what a component did to an object (kubectl describe shows it). */
export interface EventRecorder extends AsyncDisposable {
  /**
   * Records an event; never blocks, never throws. Repeats of the same event raise its count. With
   * the API server away the newest are dropped once many wait.
   */
  event(object: EventSubject, type: "Normal" | "Warning", reason: string, message: string): void;
}

/** Events not sent yet; more are dropped. */
const MAX_PENDING = 1_000;
/** Events whose repeats are recognised. */
const MAX_REMEMBERED = 4_096;
const TRIES = 3;

interface Pending {
  readonly object: EventSubject;
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly first: string;
  last: string;
  count: number;
}

interface Recorded {
  readonly namespace: string;
  readonly name: string;
  readonly count: number;
}

/** Creates a recorder that speaks as one component. */
export function createEventRecorder(
  rest: RestClient,
  component: string,
  logger?: Logger,
): EventRecorder {
  const pending = new Map<string, Pending>();
  const recorded = new Map<string, Recorded>();
  let worker: Promise<void> | undefined;
  let disposed = false;

  const send = async (key: string, event: Pending): Promise<void> => {
    const known = recorded.get(key);
    const sent = known === undefined ? undefined : await repeat(rest, known, event);
    remember(recorded, key, sent ?? (await create(rest, component, event)));
  };
  const work = async (): Promise<void> => {
    for (const [key, event] of pending) {
      pending.delete(key);
      await trying(() => send(key, event)).catch((err: unknown) => {
        logger?.debug({ reason: event.reason, err }, "event not recorded");
      });
      if (disposed) return;
    }
  };
  return {
    event(object, type, reason, message) {
      const key = [object.metadata.uid ?? object.metadata.name, type, reason, message].join("\0");
      const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
      const waiting = pending.get(key);
      if (waiting !== undefined) {
        waiting.count += 1;
        waiting.last = now;
        return;
      }
      if (disposed || pending.size >= MAX_PENDING) return;
      pending.set(key, { object, type, reason, message, first: now, last: now, count: 1 });
      // Not at once: what is repeated in one go becomes one event.
      worker ??= Promise.resolve()
        .then(work)
        .finally(() => (worker = undefined));
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await worker;
    },
  };
}

async function trying(attempt: () => Promise<void>): Promise<void> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

function remember(recorded: Map<string, Recorded>, key: string, event: Recorded): void {
  recorded.delete(key);
  recorded.set(key, event);
  for (const oldest of recorded.keys()) {
    if (recorded.size <= MAX_REMEMBERED) return;
    recorded.delete(oldest);
  }
}

/** Raises the count of an event; undefined when it expired meanwhile. */
async function repeat(
  rest: RestClient,
  known: Recorded,
  event: Pending,
): Promise<Recorded | undefined> {
  const count = known.count + event.count;
  const body = { count, lastTimestamp: event.last };
  try {
    await rest.patch(Kinds.Event, known, { type: "merge", body });
    return { ...known, count };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function create(rest: RestClient, component: string, event: Pending): Promise<Recorded> {
  const { metadata, apiVersion, kind } = event.object;
  const namespace = metadata.namespace ?? "default";
  // As client-go names them: unique, and telling what it is about.
  const stamp = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)).toString(16);
  const name = `${metadata.name}.${stamp}`;
  const object: Event = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace },
    involvedObject: {
      apiVersion,
      kind,
      name: metadata.name,
      ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
      ...(metadata.uid !== undefined && { uid: metadata.uid }),
      ...(metadata.resourceVersion !== undefined && { resourceVersion: metadata.resourceVersion }),
    },
    type: event.type,
    reason: event.reason,
    message: event.message,
    source: { component },
    reportingComponent: component,
    firstTimestamp: event.first,
    lastTimestamp: event.last,
    count: event.count,
  };
  await rest.create(Kinds.Event, object);
  return { namespace, name, count: event.count };
}
