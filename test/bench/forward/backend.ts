import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { BACKEND_PORTS, REPLY, STREAM_BYTE } from "./wire.ts";

/**
 * The servers behind the forwarders: over TCP each request, which must come in one segment, is
 * answered with the same few bytes, and a connection that begins with the stream's byte is read to
 * its end; over UDP each datagram comes back. Says "ready", and ends with the process that started
 * it.
 */
const ECHO_BUFFER_BYTES = 4 * 1024 * 1024;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  let streams = false;
  socket.on("data", (chunk) => {
    streams ||= chunk[0] === STREAM_BYTE;
    if (!streams) socket.write(REPLY);
  });
});
const echo = createSocket({ type: "udp4", recvBufferSize: ECHO_BUFFER_BYTES }, (datagram, client) =>
  echo.send(datagram, client.port, client.address),
);
echo.bind(BACKEND_PORTS.udp, "0.0.0.0", () => {
  server.listen({ host: "0.0.0.0", port: BACKEND_PORTS.plain, backlog: 4_096 }, () => {
    process.send?.("ready");
  });
});
process.on("disconnect", () => process.exit());
