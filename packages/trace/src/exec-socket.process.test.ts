import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { execInPod } from "./exec-socket.ts";

type Serve = (socket: WebSocket, url: URL) => void;

let server: Server;
let serve: Serve;
let port: number;
let refusal: string | undefined;

beforeEach(async () => {
  refusal = undefined;
  server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${refusal.length}\r\n\r\n${refusal}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) =>
      serve(client, new URL(request.url ?? "", "http://x")),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const frame = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
const end = (socket: WebSocket, status: object): void =>
  socket.send(frame(3, JSON.stringify(status)));

async function run(
  options: Partial<Parameters<typeof execInPod>[0]> = {},
): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await execInPod({
    server: { server: `http://127.0.0.1:${port}` },
    namespace: "default",
    pod: "p",
    command: ["sh", "-c", "echo a"],
    stdout,
    stderr,
    ...options,
  });
  return { code, out: String(stdout.read() ?? ""), err: String(stderr.read() ?? "") };
}

describe("execInPod", () => {
  it("asks as kubectl does and separates the streams", async () => {
    let asked = "";
    serve = (socket, url) => {
      asked = `${socket.protocol} ${url.pathname}${url.search}`;
      socket.send(frame(1, "out"));
      socket.send(frame(2, "err"));
      end(socket, { status: "Success" });
    };
    expect(await run({ container: "c" })).toEqual({ code: 0, out: "out", err: "err" });
    expect(asked).toBe(
      "v5.channel.k8s.io /api/v1/namespaces/default/pods/p/exec?command=sh&command=-c&command=echo+a&container=c&stdout=true&stderr=true",
    );
  });

  it("gives the command's exit code", async () => {
    const details = { causes: [{ reason: "ExitCode", message: "7" }] };
    serve = (socket) => end(socket, { status: "Failure", reason: "NonZeroExitCode", details });
    expect((await run()).code).toBe(7);
  });

  it("sends standard input and its end", async () => {
    serve = (socket) => {
      let input = "";
      socket.on("message", (data: Buffer) => {
        if (data[0] === 0) input += data.subarray(1).toString();
        if (data[0] !== 255) return;
        socket.send(frame(1, `${input} closed ${data[1]}`));
        end(socket, { status: "Success" });
      });
    };
    const stdin = Readable.from([Buffer.from("one "), Buffer.from("two")]);
    expect((await run({ stdin })).out).toBe("one two closed 0");
  });

  it("passes on why the server refused", async () => {
    refusal = JSON.stringify({ kind: "Status", message: 'pods "p" not found' });
    await expect(run()).rejects.toThrow('could not be run in pod default/p: pods "p" not found');
  });

  it("says when the command could not be started", async () => {
    serve = (socket) => end(socket, { status: "Failure", message: "no such program" });
    await expect(run()).rejects.toThrow('"sh" could not be run in pod default/p: no such program');
  });

  it("says when the connection breaks, and when it was given up", async () => {
    serve = (socket) => socket.terminate();
    await expect(run()).rejects.toThrow("ended before the command did");
    const controller = new AbortController();
    serve = () => controller.abort();
    await expect(run({ signal: controller.signal })).rejects.toThrow("given up");
  });
});
