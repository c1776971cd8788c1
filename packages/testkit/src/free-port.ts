import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the range from which kernels draw the local ports of connections, which come and go. */
const RANGE = { from: 15_000, to: 30_000 };
/** Test files run side by side: each of vitest's workers draws from a part of its own. */
const WORKERS = 10;
const SHARE = (RANGE.to - RANGE.from) / WORKERS;
const ATTEMPTS = 50;

/** A port given before may be somebody's who is just being restarted. */
const given = new Set<number>();

/** A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot tell theirs. */
export async function freePort(): Promise<number> {
  const from = RANGE.from + (Number(process.env["VITEST_POOL_ID"] ?? 0) % WORKERS) * SHARE;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(from, from + SHARE);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${from} and ${from + SHARE} after ${ATTEMPTS} attempts`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
