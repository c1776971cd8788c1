import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

/** An address that answers no handshake, as a machine that has lost its network. */
export interface HungListener extends AsyncDisposable {
  readonly port: number;
}

const LISTEN_AND_BLOCK = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const server = createServer().listen({ host: workerData.ip, port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(workerData.gate), 0, 0));
  });
`;

/** Listens in a thread that never accepts, and fills its backlog: further handshakes hang. */
export async function startHungListener(ip: string): Promise<HungListener> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(LISTEN_AND_BLOCK, { eval: true, workerData: { ip, gate } });
  const [port] = (await once(worker, "message")) as [number];
  const fillers: Socket[] = [];
  for (let hangs = false; !hangs;) {
    const socket = connect(port, ip);
    fillers.push(socket.on("error", () => {}));
    hangs = await connectHangs(socket);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      Atomics.notify(new Int32Array(gate), 0);
      await worker.terminate();
    },
  };
}

function connectHangs(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // After a look at the sockets: this process may have been busy all the while.
  const timer = setTimeout(() => setImmediate(() => resolve(true)), 200);
  socket.once("connect", () => resolve(false));
  return promise.finally(() => clearTimeout(timer));
}
