import type { Frontend, TableDiff } from "@kubehop/routing";

/** What one worker has to do of a table's change. */
export interface Share {
  readonly set: readonly Frontend[];
  /** Keys of frontends that the worker no longer serves. */
  readonly gone: readonly string[];
}

/**
 * Which of `workers` serves a frontend alone; undefined when all do, each with a listening socket
 * of its own between which the kernel spreads connections. What has a memory stays in one place:
 * clients of `sessionAffinity: ClientIP` (by service port, so that a NodePort shares the cluster
 * IP's memory) and UDP flows.
 */
export function soleWorker({ service }: Frontend, workers: number): number | undefined {
  const remembers = service.affinityTimeoutMs !== undefined || service.protocol === "UDP";
  return remembers ? hash(service.key) % workers : undefined;
}

/** Deals a change out: the shares of worker 0, 1, … */
export function dealOut({ added, removed, changed }: TableDiff, workers: number): Share[] {
  return Array.from({ length: workers }, (_, worker) => {
    const serves = (frontend: Frontend): boolean => {
      return (soleWorker(frontend, workers) ?? worker) === worker;
    };
    const present = [...added, ...changed.map(({ current }) => current)];
    const left = changed.filter(({ previous, current }) => serves(previous) && !serves(current));
    const gone = [...removed.filter(serves), ...left.map(({ previous }) => previous)];
    return { set: present.filter(serves), gone: gone.map(({ key }) => key) };
  });
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) {
    value = Math.imul(value ^ text.charCodeAt(n), 0x01000193);
  }
  return value >>> 0;
}
