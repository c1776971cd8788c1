import { copyFileSync, statSync, truncateSync } from "node:fs";
import type { Logger } from "@kubehop/client";
import type { Runtime } from "../runtime/runtime.ts";

/** Keeps the logs of running containers small, and remembers when they grew. */
export interface LogStore extends AsyncDisposable {
  /**
   * When the byte before `offset` of a log was written, unix ms, as exactly as the last look
   * allows (half a second); undefined when it was written before this kubelet started to look.
   */
  writtenAt(path: string, offset: number): number | undefined;
}

/** What a store watches over. */
export interface LogStoreOptions {
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** Size in bytes above which a log begins anew; 10 MiB when absent. */
  readonly maxBytes?: number;
}

/** How often the logs are looked at, in ms. */
const LOOK_INTERVAL_MS = 500;
const MAX_BYTES = 10 * 1_024 * 1_024;
/** Growths remembered of one log; then every second one is forgotten. */
const MAX_GROWTHS = 2_048;

interface Growth {
  readonly size: number;
  readonly time: number;
}

/** The file a log was moved to when it had grown too large. */
export function rotatedPath(path: string): string {
  return `${path}.1`;
}

/**
 * Creates the store. A log is one file that the container's processes append to by themselves, so
 * no process of ours stands between; rotation copies it to `.1` and cuts it (what is written in
 * the very moment between may be lost).
 */
export function createLogStore({
  runtime,
  logger,
  maxBytes = MAX_BYTES,
}: LogStoreOptions): LogStore {
  const logs = new Map<string, Growth[]>();
  const look = (): void => {
    const containers = runtime.list().flatMap((sandbox) => sandbox.containers);
    const present = new Set(containers.map(({ logPath }) => logPath));
    for (const path of logs.keys()) if (!present.has(path)) logs.delete(path);
    for (const path of present) {
      const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      noteGrowth(logs, path, size);
      if (size > maxBytes) rotate(path);
    }
  };
  const rotate = (path: string): void => {
    try {
      copyFileSync(path, rotatedPath(path));
      truncateSync(path, 0);
      logs.delete(path);
    } catch (err) {
      logger.warn({ path, err }, "log not rotated, will retry");
    }
  };
  const timer = setInterval(look, LOOK_INTERVAL_MS);
  return {
    writtenAt: (path, offset) => logs.get(path)?.find(({ size }) => size >= offset)?.time,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
    },
  };
}

function noteGrowth(logs: Map<string, Growth[]>, path: string, size: number): void {
  const growths = logs.get(path) ?? [];
  logs.set(path, growths);
  if (size === (growths.at(-1)?.size ?? 0)) return;
  growths.push({ size, time: Date.now() });
  if (growths.length <= MAX_GROWTHS) return;
  logs.set(
    path,
    growths.filter((_growth, index) => index % 2 === 1),
  );
}
