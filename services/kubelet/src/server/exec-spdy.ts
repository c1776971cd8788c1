import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import type { ExecProcess } from "../runtime/runtime.ts";
import { type ExecQuery, exitStatus, failureStatus } from "./exec.ts";
import type { SpdyConnection, SpdyServer, Upgrade } from "./spdy-server.ts";

/** What carries the Status at the end on a stream of its own, as JSON. */
const PROTOCOLS = ["v4.channel.k8s.io"];

/** How long a client may take to open its streams (upstream: streamCreationTimeout). */
const STREAMS_DEADLINE_MS = 30_000;

/** Joins a client that speaks SPDY, one stream for each of its ends, with a process. Throws RequestError. */
export function serveExecOverSpdy(
  spdy: SpdyServer,
  upgrade: Upgrade,
  { query, start }: { readonly query: ExecQuery; readonly start: () => ExecProcess },
): void {
  const wanted = streamTypes(query);
  const streams = new Map<string, Duplex>();
  const connection = spdy.accept(upgrade, PROTOCOLS, ({ headers, bytes }) => {
    streams.set(headers.get("streamtype") ?? "", bytes);
    if (!wanted.every((type) => streams.has(type))) return;
    clearTimeout(deadline);
    void run(connection, streams, start).finally(() => connection.end());
  });
  const deadline = setTimeout(() => connection.end(), STREAMS_DEADLINE_MS);
  connection.onClose(() => clearTimeout(deadline));
}

function streamTypes({ stdin, stdout, stderr, tty }: ExecQuery): string[] {
  const asked = { error: true, stdin, stdout, stderr, resize: tty };
  return Object.entries(asked)
    .filter(([, isAsked]) => isAsked)
    .map(([type]) => type);
}

/** Resolves when the client was told how it ended, or has gone. */
async function run(
  connection: SpdyConnection,
  streams: ReadonlyMap<string, Duplex>,
  start: () => ExecProcess,
): Promise<void> {
  const error = streams.get("error");
  if (error === undefined) return;
  error.resume();
  streams.get("resize")?.resume();
  const status = await outcome(connection, streams, start);
  error.end(JSON.stringify(status));
  await finished(error, { readable: false }).catch(() => undefined);
}

async function outcome(
  connection: SpdyConnection,
  streams: ReadonlyMap<string, Duplex>,
  start: () => ExecProcess,
): Promise<object> {
  try {
    const child = start();
    let isOver = false;
    // What the command leaves running goes on; only a client that leaves early ends the command.
    connection.onClose(() => isOver || child.kill());
    const stdin = streams.get("stdin");
    if (stdin === undefined) child.stdin.end();
    else stdin.pipe(child.stdin);
    const [exitCode] = await Promise.all([
      child.exitCode,
      passOn(child.stdout, streams.get("stdout")),
      passOn(child.stderr, streams.get("stderr")),
    ]);
    isOver = true;
    return exitStatus(exitCode);
  } catch (error) {
    return failureStatus((error as Error).message);
  }
}

async function passOn(output: ExecProcess["stdout"], stream: Duplex | undefined): Promise<void> {
  if (stream === undefined) {
    output.resume();
    return;
  }
  stream.resume();
  output.pipe(stream);
  await finished(stream, { readable: false });
}
