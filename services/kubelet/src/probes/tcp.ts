import { connect } from "node:net";
import type { ProbeResult } from "./probe-result.ts";

/** Success is a connection that opens; it is closed at once. Never rejects. */
export function probeTcp(host: string, port: number, signal: AbortSignal): Promise<ProbeResult> {
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const socket = connect({ host, port });
  const end = (result: ProbeResult): void => {
    signal.removeEventListener("abort", onAbort);
    socket.destroy();
    resolve(result);
  };
  const fail = (why: string): void => {
    end({ success: false, message: `dial tcp ${host}:${port}: ${why}` });
  };
  const onAbort = (): void => fail("i/o timeout");
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("connect", () => end({ success: true, message: "" }));
  socket.once("error", (error: NodeJS.ErrnoException) => {
    fail(error.code === "ECONNREFUSED" ? "connect: connection refused" : error.message);
  });
  return promise;
}
