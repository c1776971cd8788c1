import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import type { ContainerId, Runtime, Sandbox } from "../runtime/runtime.ts";

/** Opens connections to ports of one pod. */
export type PortDialer = (port: number) => Promise<Duplex>;

const DIAL_DEADLINE_MS = 5_000;

/** Run by Node inside the pod: joins its standard streams with a port on the pod's loopback. */
const RELAY = `
const socket = require("node:net").connect({ host: "127.0.0.1", port: +process.argv[1], allowHalfOpen: true });
const fail = (error) => { process.stderr.write(error.message); process.exit(1); };
socket.once("error", fail);
socket.once("connect", () => {
  process.stderr.write("connected\\n");
  process.stdin.pipe(socket).pipe(process.stdout);
});
`;

/**
 * Creates the dialer of a pod. A port is tried at the pod's address first; a program that listens
 * on the pod's loopback alone is reached by a relay inside the pod, as CRI runtimes do. Rejects
 * with a sentence when nobody listens.
 */
export function createPortDialer(runtime: Runtime, sandbox: Sandbox): PortDialer {
  const host = sandbox.spec.hostNetwork ? "127.0.0.1" : sandbox.ips[0];
  return async (port) => {
    try {
      if (host === undefined) throw new Error("the pod has no address");
      return await dial(host, port);
    } catch (error) {
      const container = sandbox.containers.find(({ phase }) => phase === "running");
      if (container === undefined || sandbox.spec.hostNetwork) throw error;
      return relay(runtime, container.id, port);
    }
  };
}

async function dial(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(DIAL_DEADLINE_MS) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function relay(runtime: Runtime, id: ContainerId, port: number): Promise<Duplex> {
  const child = runtime.exec(id, [process.execPath, "-e", RELAY, String(port)]);
  const { promise: connected, resolve } = Promise.withResolvers<string>();
  child.stderr.once("data", (bytes: Buffer) => resolve(bytes.toString()));
  child.exitCode.then(
    (code) => resolve(`the relay in the pod ended with ${code}`),
    (error: unknown) => resolve((error as Error).message),
  );
  const said = await connected;
  if (!said.startsWith("connected")) {
    child.kill();
    throw new Error(said.trim());
  }
  void text(child.stderr).catch(() => "");
  const duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  duplex.once("close", () => child.kill());
  return duplex;
}
