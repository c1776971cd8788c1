import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** A UDP server that answers each datagram with its own address and the datagram. */
export interface UdpEcho extends Disposable {
  readonly ip: string;
  readonly port: number;
  /** Distinct client ports seen. */
  readonly clients: ReadonlySet<number>;
}

/** Starts an echo. Port 0 takes a free one; several addresses may share one port. */
export async function startUdpEcho(ip: string, port: number): Promise<UdpEcho> {
  const socket = createSocket("udp4");
  const clients = new Set<number>();
  socket.on("message", (datagram, client) => {
    clients.add(client.port);
    socket.send(`${ip} ${datagram.toString()}`, client.port, client.address);
  });
  socket.bind(port, ip);
  await once(socket, "listening");
  return {
    ip,
    port: socket.address().port,
    clients,
    [Symbol.dispose]: () => void socket.close(),
  };
}

/** A UDP server that answers nothing before it is told to. */
export interface UdpBackend extends Disposable {
  readonly port: number;
  /** Answers what has come so far. */
  answer(): void;
  /** Datagrams that wait for their answer. */
  waiting(): number;
}

/** Starts one whose answers are its address and the datagram. */
export async function startUdpBackend(ip: string, port: number): Promise<UdpBackend> {
  const socket = createSocket("udp4");
  const waiting: (() => void)[] = [];
  socket.on("message", (datagram, client) => {
    const text = `${ip} ${datagram.toString()}`;
    waiting.push(() => socket.send(text, client.port, client.address));
  });
  socket.bind(port, ip);
  await once(socket, "listening");
  return {
    port: socket.address().port,
    answer: () => waiting.splice(0).forEach((answer) => answer()),
    waiting: () => waiting.length,
    [Symbol.dispose]: () => void socket.close(),
  };
}

/** A UDP client with a port of its own, connected so that it sees ICMP errors. */
export interface UdpClient extends Disposable {
  readonly port: number;
  /** Sends, and gives the answer. Rejects with the socket's error (ECONNREFUSED after ICMP). */
  ask(text: string): Promise<string>;
  /** Sends and waits for nothing. */
  send(text: string): void;
}

/** Opens a client for one address. */
export async function openUdp(ip: string, port: number): Promise<UdpClient> {
  const socket = createSocket("udp4");
  socket.connect(port, ip);
  await once(socket, "connect");
  return {
    port: socket.address().port,
    async ask(text) {
      const answer = once(socket, "message") as Promise<[Buffer]>;
      socket.send(text, (error) => error !== null && socket.emit("error", error));
      const [datagram] = await answer;
      return datagram.toString();
    },
    send: (text) => socket.send(text),
    [Symbol.dispose]: () => closeQuietly(socket),
  };
}

function closeQuietly(socket: Socket): void {
  socket.on("error", () => {});
  socket.close();
}
