import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { type Frame, FrameType } from "./frames.ts";
import { joinTcp } from "./tcp-join.ts";
import { createTunnel, type DialRequest, type Tunnel } from "./tunnel.ts";

const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Serves the far end of a tunnel: reads what is to be reached from a stream, connects to it from
 * here, and joins both. Never throws; whatever fails is told through the stream, which then ends.
 */
export function serveDial(stream: Duplex): void {
  const tunnel = createTunnel(stream);
  const late = setTimeout(() => stream.destroy(), REQUEST_TIMEOUT_MS);
  tunnel.onClose(() => clearTimeout(late));
  tunnel.onFrame((frame) => {
    clearTimeout(late);
    tunnel.onFrame(undefined);
    const request = parseRequest(frame);
    if (request === undefined) fail(tunnel, "EPROTO");
    else if (request.protocol === "TCP") dialTcp(tunnel, request);
    else dialUdp(tunnel, request);
  });
}

function parseRequest({ type, payload }: Frame): DialRequest | undefined {
  if (type !== FrameType.Dial) return undefined;
  try {
    const given = JSON.parse(payload.toString("utf8")) as Partial<DialRequest>;
    const { protocol, host, port } = given;
    if ((protocol !== "TCP" && protocol !== "UDP") || typeof host !== "string") return undefined;
    if (!Number.isInteger(port) || Number(port) < 1 || Number(port) > 65_535) return undefined;
    return { protocol, host, port: Number(port) };
  } catch {
    return undefined;
  }
}

function dialTcp(tunnel: Tunnel, { host, port }: DialRequest): void {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => socket.destroy(codeError("ETIMEDOUT")), CONNECT_TIMEOUT_MS);
  const onError = (error: Error): void => fail(tunnel, codeOf(error));
  const onGone = (): void => void socket.destroy();
  socket.once("error", onError);
  socket.once("close", () => clearTimeout(timer));
  tunnel.stream.once("close", onGone);
  socket.once("connect", () => {
    clearTimeout(timer);
    socket.removeListener("error", onError);
    tunnel.stream.removeListener("close", onGone);
    tunnel.send(FrameType.Connected);
    joinTcp(tunnel, socket);
  });
}

/** A refusal (ICMP) of an earlier datagram is a Reset; the flow goes on after it. */
function dialUdp(tunnel: Tunnel, { host, port }: DialRequest): void {
  const socket: UdpSocket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  tunnel.onClose(() => socket.close());
  socket.on("message", (message) => void tunnel.send(FrameType.Data, message));
  socket.connect(port, host, (error?: Error) => {
    if (error !== undefined && error !== null) return fail(tunnel, codeOf(error));
    socket.on("error", () => void tunnel.send(FrameType.Reset));
    tunnel.send(FrameType.Connected);
    tunnel.onFrame(({ type, payload }) => {
      if (type !== FrameType.Data || tunnel.stream.destroyed) return;
      // What the kernel says of an earlier datagram may come with this one.
      socket.send(payload, (problem) => void (problem && tunnel.send(FrameType.Reset)));
    });
  });
}

function fail(tunnel: Tunnel, code: string): void {
  tunnel.send(FrameType.Failed, Buffer.from(code));
  tunnel.stream.end();
}

function codeError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
