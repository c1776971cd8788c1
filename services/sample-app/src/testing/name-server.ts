import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { Packet } from "dns2";

/** What the name server knows: A records by full name; `truncate` makes UDP answers say TC. */
export interface Zone {
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  readonly truncate?: boolean;
  /** Names that get SERVFAIL. */
  readonly failing?: readonly string[];
  /** Names that get no answer at all. */
  readonly silent?: readonly string[];
}

const PORT_ATTEMPTS = 20;

/** A small DNS server on 127.0.0.1, UDP and TCP on one port, to hold the resolver against. */
export async function startNameServer(zone: Zone): Promise<AsyncDisposable & { port: number }> {
  const { tcp, udp, port } = await listenOnBoth((socket) => serveStream(socket, zone));
  udp.on("message", (message, peer) => {
    const reply = answer(message, zone, zone.truncate ?? false);
    if (reply) udp.send(reply, peer.port, peer.address);
  });
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      udp.close();
      tcp.close();
      await once(tcp, "close");
    },
  };
}

/** A port that is free on TCP may be somebody's on UDP. */
async function listenOnBoth(
  serve: (socket: Socket) => void,
): Promise<{ tcp: Server; udp: DatagramSocket; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const tcp = createServer(serve);
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket("udp4");
    try {
      udp.bind(port, "127.0.0.1");
      await once(udp, "listening");
      return { tcp, udp, port };
    } catch (error) {
      udp.close();
      tcp.close();
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function serveStream(socket: Socket, zone: Zone): void {
  socket.on("error", () => socket.destroy());
  socket.once("data", (data) => {
    const reply = answer(data.subarray(2), zone, false);
    if (!reply) return;
    const length = Buffer.alloc(2);
    length.writeUInt16BE(reply.length);
    socket.end(Buffer.concat([length, reply]));
  });
}

function answer(message: Buffer, zone: Zone, truncate: boolean): Buffer | undefined {
  const request = Packet.parse(message);
  const { name = "", type } = request.questions[0] ?? {};
  if (zone.silent?.includes(name)) return undefined;
  const reply = Packet.createResponseFromRequest(request);
  const addresses = zone.addresses[name];
  if (zone.failing?.includes(name)) reply.header.rcode = Packet.RCODE.SERVFAIL;
  else if (!addresses) reply.header.rcode = Packet.RCODE.NXDOMAIN;
  else if (truncate) reply.header.tc = 1;
  else if (type === Packet.TYPE.A) reply.answers.push(...addresses.map((ip) => record(name, ip)));
  return reply.toBuffer();
}

function record(name: string, address: string): Packet["answers"][number] {
  const fields = { name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 30, address };
  return new Packet.Resource(fields);
}
