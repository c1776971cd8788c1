import type { Readable, Writable } from "node:stream";
import type { Status } from "@kubehop/api";
import type { RestOptions } from "@kubehop/client/api-server";
import { WebSocket } from "ws";
import { PodError } from "./pod-error.ts";

/** What to run, where, and with which streams. */
export interface ExecOptions {
  readonly server: RestOptions;
  readonly namespace: string;
  readonly pod: string;
  readonly container?: string | undefined;
  readonly command: readonly string[];
  /** Sent to the command until it ends; without it the command reads nothing. */
  readonly stdin?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Ends the command's connection. */
  readonly signal?: AbortSignal;
}

/** Sub-protocol with a channel byte in front of each message (KEP-4006). */
const PROTOCOL = "v5.channel.k8s.io";
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const CLOSE = 255;
const HANDSHAKE_TIMEOUT_MS = 15_000;

/**
 * Runs a command in a container through the API server and gives its exit code. Throws PodError
 * when it cannot be started or the connection breaks.
 */
export async function execInPod(options: ExecOptions): Promise<number> {
  const socket = openSocket(options);
  const status = Promise.withResolvers<Status>();
  socket.on("message", (data: Buffer) => onMessage(data, options, status.resolve));
  socket.on("open", () => options.stdin && sendStdin(socket, options.stdin));
  socket.on("error", (error) => {
    status.reject(
      options.signal?.aborted === true ? broken(options) : notStarted(options, error.message),
    );
  });
  socket.on("unexpected-response", (_request, response) => {
    void readBody(response).then((text) => status.reject(notStarted(options, text)));
  });
  socket.on("close", () => status.reject(broken(options)));
  const onAbort = (): void => socket.terminate();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return exitCodeOf(await status.promise, options);
  } finally {
    options.signal?.removeEventListener("abort", onAbort);
    options.stdin?.unpipe?.();
    options.stdin?.pause?.();
    socket.close();
  }
}

function openSocket(options: ExecOptions): WebSocket {
  const { server, namespace, pod, container, command, stdin } = options;
  const query = new URLSearchParams(command.map((word): [string, string] => ["command", word]));
  if (container !== undefined) query.set("container", container);
  for (const stream of stdin === undefined ? ["stdout", "stderr"] : ["stdin", "stdout", "stderr"]) {
    query.set(stream, "true");
  }
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query.toString()}`;
  const { ca, cert, key, token } = server;
  return new WebSocket(`${server.server.replace(/^http/, "ws")}${path}`, PROTOCOL, {
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
}

function onMessage(data: Buffer, options: ExecOptions, onStatus: (status: Status) => void): void {
  const content = data.subarray(1);
  switch (data[0]) {
    case STDOUT:
      options.stdout.write(content);
      break;
    case STDERR:
      options.stderr.write(content);
      break;
    case ERROR:
      onStatus(JSON.parse(content.toString("utf8")) as Status);
      break;
    default:
  }
}

function sendStdin(socket: WebSocket, stdin: Readable): void {
  stdin.on("data", (chunk: Buffer) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(Buffer.concat([Buffer.from([STDIN]), chunk]), () => {
      if (socket.bufferedAmount === 0) stdin.resume();
    });
    // One chunk at a time: a command that reads slowly must not fill our memory.
    if (socket.bufferedAmount > 0) stdin.pause();
  });
  stdin.on("end", () => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.from([CLOSE, STDIN]));
  });
}

/** As kubectl reads it: Success is 0, NonZeroExitCode carries the code as a cause. */
function exitCodeOf(status: Status, options: ExecOptions): number {
  if (status.status === "Success") return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode");
  if (cause !== undefined) return Number(cause.message);
  throw notStarted(options, status.message ?? "no reason given");
}

function notStarted({ command, namespace, pod }: ExecOptions, reason: string): PodError {
  return new PodError(
    `"${command[0]}" could not be run in pod ${namespace}/${pod}: ${reason}`,
    "See the pod with kubehop status, its output with kubehop logs.",
  );
}

function broken({ namespace, pod, signal }: ExecOptions): PodError {
  return new PodError(
    signal?.aborted === true
      ? "The command was given up."
      : `The connection to pod ${namespace}/${pod} ended before the command did.`,
    "The pod or its node may have gone; see kubehop status.",
    130,
  );
}

async function readBody(response: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  try {
    return (JSON.parse(text) as Status).message ?? text;
  } catch {
    return text;
  }
}
