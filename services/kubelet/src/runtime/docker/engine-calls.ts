import { setTimeout as delay } from "node:timers/promises";
import type { CreateRequest } from "./create-request.ts";
import { type Engine, EngineError, isMissing } from "./engine.ts";

/** An engine under load starts a container in seconds; longer means that it hangs. */
const START_MS = 60_000;
const REMOVE_MS = 60_000;
/** How long a signal is tried while the engine is away, in ms, and how often. */
const SIGNAL_DEADLINE_MS = 600_000;
const SIGNAL_RETRY_MS = 500;
const CONFLICT = 409;

/**
 * Makes a container and gives its id. One that bears the name already is a leftover, as names hold
 * the pod's uid: it is removed.
 */
export async function createContainer(
  engine: Engine,
  name: string,
  body: CreateRequest,
): Promise<string> {
  const create = async (): Promise<string> => {
    const { Id } = await engine.call<{ Id: string }>({
      method: "POST",
      path: "/containers/create",
      query: { name },
      body,
      timeoutMs: START_MS,
    });
    return Id;
  };
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof EngineError) || error.statusCode !== CONFLICT) throw error;
    await removeContainer(engine, name);
    return create();
  }
}

/** Starts a container. Rejects with EngineError and the engine's words. */
export async function startContainer(engine: Engine, id: string): Promise<void> {
  await engine.call({ method: "POST", path: `/containers/${id}/start`, timeoutMs: START_MS });
}

/** Kills and removes a container with its anonymous volumes; absent is fine. */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  try {
    await engine.call({
      method: "DELETE",
      path: `/containers/${id}`,
      query: { force: true, v: true },
      timeoutMs: REMOVE_MS,
    });
  } catch (error) {
    // 409: somebody else is removing it.
    const isGoing = error instanceof EngineError && error.statusCode === CONFLICT;
    if (!isGoing && !isMissing(error)) throw error;
  }
}

/** Whom a signal is for. */
export interface SignalTarget {
  readonly id: string;
  readonly signal: NodeJS.Signals;
  isRunning(): boolean;
}

/**
 * Sends a signal to a container's main process. While the engine is away it is tried again: a
 * signal that got lost would leave a pod that never ends.
 */
export async function sendSignal(
  engine: Engine,
  { id, signal, isRunning }: SignalTarget,
  stop: AbortSignal,
): Promise<void> {
  const end = Date.now() + SIGNAL_DEADLINE_MS;
  while (isRunning() && !stop.aborted) {
    try {
      await engine.call({ method: "POST", path: `/containers/${id}/kill`, query: { signal } });
      return;
    } catch (error) {
      const { statusCode = 0 } = error as Partial<EngineError>;
      if (statusCode === 404 || statusCode === CONFLICT) return;
      if (Date.now() >= end) throw error;
    }
    await delay(SIGNAL_RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
  }
}
