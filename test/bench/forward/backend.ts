import { createServer } from "node:net";

/**
 * The server behind the forwarders of forward.ts: answers each request, which must come in one
 * segment, with the same few bytes. Takes the address as its only argument, says the port, and ends
 * with the process that started it.
 */
const REPLY = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.on("data", () => socket.write(REPLY));
});
server.listen({ host: process.argv[2] ?? "127.0.0.1", port: 0, backlog: 4_096 }, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(address.port);
});
process.on("disconnect", () => process.exit());
