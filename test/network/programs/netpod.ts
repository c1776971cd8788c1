/**
 * The program of the pods that the network tests talk to. It answers with its pod's name:
 * TCP 8080 `NAME CLIENT\n` and the end; UDP 8080 the same to `hostname`, and the rest of `echo …`;
 * UDP 8086 as NAME-other;
 * TCP 8081 HTTP: /readyz as /ready?value= has set it, every other path the name;
 * TCP 8082 echo; TCP 8083 accepts and says nothing; TCP 8084 resets after half an answer.
 * With STAY=1 it goes on serving after SIGTERM, until it is killed.
 */
import { createSocket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";

const name = process.env["HOSTNAME"] ?? "";
const base = Number(process.env["BASE_PORT"] ?? 8080);
const state = { ready: process.env["READY"] !== "0" };

serve(base, (socket) => socket.end(`${name} ${socket.remoteAddress ?? ""}\n`));
serve(base + 2, (socket) => socket.pipe(socket));
serve(base + 3, (socket) => socket.resume());
serve(base + 4, (socket) => {
  socket.write("half an ans");
  socket.once("data", () => socket.resetAndDestroy());
});

createHttpServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://pod");
  if (url.pathname === "/ready") state.ready = url.searchParams.get("value") === "true";
  response.statusCode = url.pathname === "/readyz" && !state.ready ? 503 : 200;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    response.end(body.length > 0 ? body : `${name} ${request.socket.remoteAddress ?? ""}\n`);
  });
}).listen(base + 1, "::");

serveUdp(base, name);
serveUdp(base + 6, `${name}-other`);

process.on("SIGTERM", () => {
  if (process.env["STAY"] !== "1") process.exit(0);
});

function serve(port: number, onConnection: (socket: Socket) => void): void {
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  }).listen({ port, host: "::", backlog: 4_096 });
}

/** On a node with several addresses, answers must come from the one that was asked. */
function serveUdp(port: number, who: string): void {
  const socket = createSocket("udp6");
  socket.on("message", (datagram, { address, port }) => {
    const text = datagram.toString();
    socket.send(text.startsWith("echo ") ? text.slice(5) : `${who} ${address}`, port, address);
  });
  socket.bind(port, process.env["UDP_ADDRESS"] ?? "::");
}
