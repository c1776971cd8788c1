import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Logger } from "@kubehop/kit";
import type { Answer, Responder } from "./responder.ts";

/** A socket that answers; disposing it stops taking queries and waits for those under way. */
export interface DnsListener extends AsyncDisposable {
  readonly port: number;
}

/** What a listener listens on and answers with. */
export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly respond: Responder;
  readonly logger: Logger;
  /** Lets several sockets share the port; the kernel spreads queries over them. */
  readonly shared?: boolean;
}

/** Queries under way on one socket; further ones are dropped, as a full socket would. */
const MAX_IN_FLIGHT = 10_000;
/** How long closing waits for answers under way. */
export const GRACE_MS = 5_000;
const BUFFER_OCTETS = 4 * 1024 * 1024;

/** Listens on UDP. Rejects when the address cannot be bound. */
export async function listenUdp(options: ListenOptions): Promise<DnsListener> {
  const { host, port, logger } = options;
  const socket = createSocket({
    type: host.includes(":") ? "udp6" : "udp4",
    ipv6Only: host.includes(":"),
    reusePort: options.shared === true,
    // Clients are addresses already; the default would look each up in another tick.
    lookup: (address, _options, callback) => callback(null, address, 0),
  });
  // With a lookup that answers at once, so does bind.
  const listening = once(socket, "listening");
  socket.bind(port, host);
  await listening;
  enlargeBuffers(socket);
  socket.on("error", (error) => logger.warn({ err: error }, "a UDP socket reported an error"));
  const drained = serve(socket, options);
  return {
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      await drained();
      socket.close();
      await once(socket, "close");
    },
  };
}

/** Answers packets; gives a function that stops taking them and waits for those under way. */
function serve(socket: Socket, { respond, logger }: ListenOptions): () => Promise<void> {
  let inFlight = 0;
  const idle = Promise.withResolvers<void>();
  let stopping = false;
  const send = (answer: Answer | undefined, to: RemoteInfo): void => {
    // Transfers of several messages are refused over UDP.
    if (Buffer.isBuffer(answer)) socket.send(answer, to.port, to.address);
  };
  const onMessage = (bytes: Buffer, from: RemoteInfo): void => {
    if (from.port === 0 || inFlight >= MAX_IN_FLIGHT) return;
    const client = { ip: from.address, port: from.port };
    const answer = respond({ bytes, client, protocol: "udp" });
    if (!(answer instanceof Promise)) return send(answer, from);
    inFlight++;
    answer
      .then((late) => send(late, from))
      .catch((error: unknown) => logger.error({ err: error }, "an answer could not be sent"))
      .finally(() => {
        inFlight--;
        if (stopping && inFlight === 0) idle.resolve();
      });
  };
  socket.on("message", onMessage);
  return async () => {
    stopping = true;
    socket.off("message", onMessage);
    if (inFlight === 0) return;
    const timer = setTimeout(() => idle.resolve(), GRACE_MS);
    await idle.promise;
    clearTimeout(timer);
  };
}

/** A burst waits in the kernel while this process is busy; the kernel may allow less. */
function enlargeBuffers(socket: Socket): void {
  try {
    socket.setRecvBufferSize(BUFFER_OCTETS);
    socket.setSendBufferSize(BUFFER_OCTETS);
  } catch {
    // The default size works too.
  }
}
