import { createSocket, type Socket } from "node:dgram";
import { encode } from "dns-packet";

/** What the generator is asked to do; queries are `name TYPE`. */
export interface DnsLoadRequest {
  readonly port: number;
  readonly seconds: number;
  readonly queries: readonly string[];
  /** Queries under way at the same time. */
  readonly outstanding: number;
}

/** What it counted. */
export interface DnsLoadResult {
  readonly perSecond: number;
  readonly answers: number;
}

const SOCKETS = 16;
/** When no answer came for so long, the queries under way are taken for lost and sent anew. */
const LOST_MS = 200;

/*
 * A load generator for DNS over UDP in a process of its own: as many queries under way as asked
 * for, each answer is followed by the next query.
 */
process.on("message", (request: DnsLoadRequest) => {
  void generate(request).then((result) => process.send?.(result));
});
process.once("disconnect", () => process.exit(0));

async function generate(request: DnsLoadRequest): Promise<DnsLoadResult> {
  const packets = request.queries.map(encodeQuery);
  const sockets = Array.from({ length: SOCKETS }, () => createSocket("udp4"));
  let answers = 0;
  let next = 0;
  let lastAnswer = performance.now();
  let running = true;
  const send = (socket: Socket): void => {
    if (running) socket.send(packets[next++ % packets.length] as Buffer, request.port, "127.0.0.1");
  };
  const fill = (): void => {
    for (let index = 0; index < request.outstanding; index++) {
      send(sockets[index % SOCKETS] as Socket);
    }
  };
  for (const socket of sockets) {
    socket.on("message", () => {
      answers++;
      lastAnswer = performance.now();
      send(socket);
    });
  }
  const started = performance.now();
  fill();
  const watch = setInterval(() => {
    if (performance.now() - lastAnswer > LOST_MS) fill();
  }, LOST_MS);
  await new Promise((resolve) => setTimeout(resolve, request.seconds * 1_000));
  running = false;
  clearInterval(watch);
  const elapsed = (performance.now() - started) / 1_000;
  for (const socket of sockets) socket.close();
  return { perSecond: answers / elapsed, answers };
}

function encodeQuery(line: string, id: number): Buffer {
  const [name = "", type = "A"] = line.split(" ");
  const question = { name, type: type as "A" | "AAAA" | "SRV" };
  return encode({ type: "query", id: id & 0xffff, flags: 0x100, questions: [question] });
}
