import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type ListenOptions, type Server } from "node:net";

/** Below the range from which kernels draw the local ports of connections, which come and go. */
const RANGE = { from: 15_000, to: 30_000 };
const ATTEMPTS = 50;

/**
 * A TCP port of 127.0.0.1 that is free, for programs that cannot tell theirs. It stays this
 * process's, also while the program is restarted: nobody else on the machine is given it.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(RANGE.from, RANGE.to);
    if (await claim(port)) return port;
  }
  throw new Error(`no free port between ${RANGE.from} and ${RANGE.to} after ${ATTEMPTS} attempts`);
}

/** Takes a socket's abstract name (unix(7)): one process has it, and has it as long as it lives. */
async function claim(port: number): Promise<boolean> {
  const owner = await listening({ path: `\0kubehop-test-port-${port}` });
  if (owner === undefined) return false;
  const server = await listening({ host: "127.0.0.1", port });
  if (server === undefined) {
    owner.close();
    return false;
  }
  owner.unref();
  server.close();
  await once(server, "close");
  return true;
}

/** A server that listens, or undefined when somebody else does. */
async function listening(where: ListenOptions): Promise<Server | undefined> {
  const server = createServer().listen(where);
  return once(server, "listening").then(
    () => server,
    () => undefined,
  );
}
