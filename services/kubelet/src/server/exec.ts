import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { ExecProcess } from "../runtime/runtime.ts";

/** What a client wants to run and which streams it wants. */
export interface ExecQuery {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** Channels of the subprotocol: the first byte of each message (KEP-4006). */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
/** v5 only: the next byte names a channel that ends. */
const CLOSE = 255;

const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** Bytes that wait for a slow client before the command is made to wait. */
const HIGH_WATER_BYTES = 1_024 * 1_024;
const DRAIN_INTERVAL_MS = 10;

/** Reads the query of /exec. Throws an Error when there is no command. */
export function parseExecQuery(query: URLSearchParams): ExecQuery {
  const asked = parseAttachQuery(query);
  if (asked.command.length > 0) return asked;
  throw new Error("you must specify at least one command for the container");
}

/** Reads the query of /attach: the same without a command. */
export function parseAttachQuery(query: URLSearchParams): ExecQuery {
  const isOn = (name: string): boolean => ["true", "1"].includes(query.get(name) ?? "");
  return {
    command: query.getAll("command"),
    stdin: isOn("stdin"),
    stdout: isOn("stdout"),
    stderr: isOn("stderr") && !isOn("tty"),
    tty: isOn("tty"),
  };
}

/** Takes WebSocket upgrades of exec requests. */
export interface ExecServer {
  /** Accepts the upgrade and joins the client with the process that `start` gives. */
  serve(
    upgrade: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
    query: ExecQuery,
    start: () => ExecProcess,
  ): void;
  /** Ends every session. */
  close(): void;
}

/** Creates the server of the subprotocols v5.channel.k8s.io and v4.channel.k8s.io. */
export function createExecServer(): ExecServer {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: 32 * 1_024 * 1_024,
    handleProtocols: (offered) => PROTOCOLS.find((name) => offered.has(name)) ?? false,
  });
  return {
    serve({ request, socket, head }, query, start) {
      server.handleUpgrade(request, socket, head, (client) => void session(client, query, start));
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

/** The Status that channel 3 carries at the end (text of k8s.io/apimachinery remotecommand). */
export function exitStatus(exitCode: number): object {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

async function session(
  client: WebSocket,
  query: ExecQuery,
  start: () => ExecProcess,
): Promise<void> {
  client.on("error", () => client.terminate());
  let child: ExecProcess;
  try {
    child = start();
  } catch (error) {
    finish(client, failureStatus((error as Error).message));
    return;
  }
  // What the command leaves running goes on; only a client that leaves early ends the command.
  const onClose = (): void => child.kill();
  client.on("close", onClose);
  client.on("message", (data) => receive(child, toBuffer(data)));
  if (!query.stdin) child.stdin.end();
  try {
    const [exitCode] = await Promise.all([
      child.exitCode,
      send(client, query.stdout ? STDOUT : undefined, child.stdout),
      send(client, query.stderr ? STDERR : undefined, child.stderr),
    ]);
    client.off("close", onClose);
    finish(client, exitStatus(exitCode));
  } catch (error) {
    finish(client, failureStatus((error as Error).message));
  }
}

function receive(child: ExecProcess, message: Buffer): void {
  const [channel, closed] = message;
  if (channel === STDIN) child.stdin.write(message.subarray(1));
  else if (channel === CLOSE && closed === STDIN) child.stdin.end();
}

async function send(
  client: WebSocket,
  channel: number | undefined,
  stream: Readable,
): Promise<void> {
  for await (const chunk of stream) {
    if (channel === undefined || client.readyState !== WebSocket.OPEN) continue;
    client.send(Buffer.concat([Buffer.of(channel), chunk as Buffer]));
    while (client.bufferedAmount > HIGH_WATER_BYTES && client.readyState === WebSocket.OPEN) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_INTERVAL_MS));
    }
  }
}

function finish(client: WebSocket, status: object): void {
  client.send(Buffer.concat([Buffer.of(ERROR), Buffer.from(JSON.stringify(status))]));
  client.close(1_000);
}

/** The Status of a command that could not be run. */
export function failureStatus(message: string): object {
  return { metadata: {}, status: "Failure", message, reason: "InternalError", code: 500 };
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? Buffer.from(data) : data;
}
