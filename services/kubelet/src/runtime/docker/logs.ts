import type { Readable } from "node:stream";
import type { LogQuery } from "../runtime.ts";
import type { Engine, EngineRequest } from "./engine.ts";
import type { EngineContainer } from "./engine-container.ts";
import { readFrames } from "./engine-stream.ts";

/** Most of a log's end that is read for last words (MaxContainerTerminationMessageLogLength). */
const LAST_LINES = 80;
const LAST_BYTES = 2_048;

/** Between when a log is read, unix ms. */
export interface LogRange {
  readonly from?: number;
  readonly until?: number;
}

/**
 * Reads the log of one start of a container from the engine: its own between `from` and `until`
 * (unix ms), as a container that was started again has one log for all its starts. Rejects with
 * EngineError, e.g. for a log driver that cannot be read.
 */
export async function readEngineLog(
  engine: Engine,
  container: Pick<EngineContainer, "id" | "tty">,
  range: LogRange,
  { query, signal }: { readonly query: LogQuery; readonly signal: AbortSignal },
): Promise<AsyncIterable<Buffer>> {
  const source = await engine.stream({
    method: "GET",
    path: `/containers/${container.id}/logs`,
    query: engineQuery(query, range),
    signal,
  });
  const bytes = container.tty ? source : payloads(source);
  return limited(source, bytes, { left: query.limitBytes ?? Number.POSITIVE_INFINITY, signal });
}

async function* limited(
  source: Readable,
  log: AsyncIterable<Buffer>,
  limit: { left: number; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of log) {
      const taken = bytes.subarray(0, Math.min(limit.left, bytes.length));
      limit.left -= taken.length;
      if (taken.length > 0) yield taken;
      if (limit.left <= 0) return;
    }
  } catch (error) {
    if (!limit.signal.aborted) throw error;
  } finally {
    source.destroy();
  }
}

/** The last lines of a container's log, for a container that left no last words. */
export async function readLastLines(
  engine: Engine,
  container: Pick<EngineContainer, "id" | "tty">,
): Promise<string> {
  const query = { follow: false, previous: false, timestamps: false, tailLines: LAST_LINES };
  const signal = AbortSignal.timeout(5_000);
  let tail = Buffer.alloc(0);
  for await (const bytes of await readEngineLog(engine, container, {}, { query, signal })) {
    tail = Buffer.concat([tail, bytes]).subarray(-LAST_BYTES);
  }
  return tail.toString("utf8");
}

function engineQuery(
  { follow, timestamps, tailLines, since = 0 }: LogQuery,
  { from = 0, until }: LogRange,
): NonNullable<EngineRequest["query"]> {
  const start = Math.max(from, since);
  return {
    stdout: true,
    stderr: true,
    follow: follow && until === undefined,
    timestamps,
    tail: tailLines ?? "all",
    ...(start === 0 ? {} : { since: toSeconds(start) }),
    ...(until === undefined ? {} : { until: toSeconds(until) }),
  };
}

function toSeconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

async function* payloads(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { bytes } of readFrames(source)) yield bytes;
}
