import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below the range from which kernels draw the local ports of connections, which come and go. */
const RANGE = { from: 15_000, to: 30_000 };
const ATTEMPTS = 50;

/** A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot tell theirs. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${RANGE.from} and ${RANGE.to} after ${ATTEMPTS} attempts`);
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
