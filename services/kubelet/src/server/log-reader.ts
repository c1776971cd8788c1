import { type FSWatcher, watch } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import type { LogQuery } from "../runtime/runtime.ts";
import { type LogStore, rotatedPath } from "./log-store.ts";

/** The log of one start of a container. */
export interface LogSource {
  readonly path: string;
  readonly store: LogStore;
  /** When the container started, unix ms: the time of lines nobody saw being written. */
  readonly startedAt: number;
  /** Whether more may come. */
  isRunning(): boolean;
}

const NEWLINE = 0x0a;
/** A follower looks at least this often whether the container has ended, in ms. */
const FOLLOW_INTERVAL_MS = 250;
const CHUNK_BYTES = 64 * 1_024;

/**
 * Reads a log: what there is, from the line the query asks for, then with `follow` what comes
 * until the container ends or the signal aborts. A missing file is an empty log. What there is
 * counts from the moment at which the promise resolves.
 */
export async function readLog(
  source: LogSource,
  query: LogQuery,
  signal: AbortSignal,
): Promise<AsyncGenerator<Buffer>> {
  const rotated =
    query.tailLines === undefined ? await readOrEmpty(rotatedPath(source.path)) : Buffer.alloc(0);
  const present = await readOrEmpty(source.path);
  return chunks(source, { rotated, present }, { query, signal });
}

async function* chunks(
  source: LogSource,
  { rotated, present }: { readonly rotated: Buffer; readonly present: Buffer },
  { query, signal }: { readonly query: LogQuery; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const limit = { left: query.limitBytes ?? Number.POSITIVE_INFINITY };
  const lines = createStamper(source, query);
  if (rotated.length > 0) yield* limited(rotated, limit);
  const from = startOffset(source, present, query);
  yield* limited(lines(present.subarray(from), from), limit);
  if (!query.follow) return;
  for await (const chunk of follow(source, present.length, signal)) {
    yield* limited(lines(chunk.bytes, chunk.offset), limit);
    if (limit.left <= 0) return;
  }
}

function* limited(bytes: Buffer, limit: { left: number }): Generator<Buffer> {
  if (bytes.length === 0 || limit.left <= 0) return;
  const taken = bytes.length > limit.left ? bytes.subarray(0, limit.left) : bytes;
  limit.left -= taken.length;
  yield taken;
}

/** The first byte the query asks for. */
function startOffset(source: LogSource, log: Buffer, query: LogQuery): number {
  const tail = query.tailLines === undefined ? 0 : tailOffset(log, query.tailLines);
  if (query.since === undefined) return tail;
  let offset = tail;
  while (offset < log.length) {
    const end = log.indexOf(NEWLINE, offset);
    const next = end < 0 ? log.length : end + 1;
    if ((source.store.writtenAt(source.path, next) ?? source.startedAt) >= query.since) break;
    offset = next;
  }
  return offset;
}

/** Where the last `lines` lines begin. */
export function tailOffset(log: Buffer, lines: number): number {
  if (lines === 0) return log.length;
  let offset = log.at(-1) === NEWLINE ? log.length - 1 : log.length;
  for (let left = lines; left > 0; left -= 1) {
    if (offset <= 0) return 0;
    offset = log.lastIndexOf(NEWLINE, offset - 1);
    if (offset < 0) return 0;
  }
  return offset + 1;
}

/** Puts the time before each line, when that is wanted. */
function createStamper(
  source: LogSource,
  query: LogQuery,
): (bytes: Buffer, offset: number) => Buffer {
  if (!query.timestamps) return (bytes) => bytes;
  let atLineStart = true;
  return (bytes, offset) => {
    const parts: Buffer[] = [];
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(NEWLINE, start);
      const next = end < 0 ? bytes.length : end + 1;
      const time = source.store.writtenAt(source.path, offset + next);
      if (atLineStart) parts.push(Buffer.from(`${formatTime(time ?? source.startedAt)} `));
      parts.push(bytes.subarray(start, next));
      atLineStart = end >= 0;
      start = next;
    }
    return Buffer.concat(parts);
  };
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000000Z");
}

interface Chunk {
  readonly bytes: Buffer;
  readonly offset: number;
}

async function* follow(
  source: LogSource,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  let offset = from;
  let wake = Promise.withResolvers<void>();
  const notify = (): void => wake.resolve();
  const watcher = watchFile(source.path, notify);
  const timer = setInterval(notify, FOLLOW_INTERVAL_MS);
  signal.addEventListener("abort", notify, { once: true });
  try {
    for (;;) {
      const isLast = !source.isRunning();
      const size = (await stat(source.path).catch(() => undefined))?.size ?? 0;
      if (size < offset) offset = 0;
      for await (const chunk of readRange(source.path, offset, size)) {
        yield chunk;
        offset = chunk.offset + chunk.bytes.length;
      }
      if (isLast || signal.aborted) return;
      await wake.promise;
      wake = Promise.withResolvers<void>();
    }
  } finally {
    watcher?.close();
    clearInterval(timer);
    signal.removeEventListener("abort", notify);
  }
}

async function* readRange(path: string, from: number, to: number): AsyncGenerator<Chunk> {
  for (let offset = from; offset < to;) {
    const bytes = await readAt(path, offset, Math.min(CHUNK_BYTES, to - offset));
    if (bytes.length === 0) return;
    yield { bytes, offset };
    offset += bytes.length;
  }
}

function watchFile(path: string, notify: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, notify);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}

async function readAt(path: string, offset: number, length: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function readOrEmpty(path: string): Promise<Buffer> {
  return readFile(path).catch(() => Buffer.alloc(0));
}
