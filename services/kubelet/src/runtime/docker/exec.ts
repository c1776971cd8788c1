import { once } from "node:events";
import { constants } from "node:os";
import { type Duplex, PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ExecOptions, ExecProcess } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import { readFrames } from "./engine-stream.ts";

/** What a command that was given up counts as: nobody learns how it ends. */
const KILLED = 128 + constants.signals.SIGKILL;

/** Looks at an exec that has just ended: its exit code may be told a moment later. */
const EXIT_TRIES = 50;
const EXIT_INTERVAL_MS = 20;

/**
 * Runs a command in a container of the engine. Its exit code rejects when the engine refuses. The
 * engine has no way to end a command: `kill` ends its streams and, with them, whatever reads its
 * standard input; a program that reads none goes on until its container ends.
 */
export function execInEngine(
  engine: Engine,
  containerId: string,
  command: readonly string[],
  { tty = false }: ExecOptions,
): ExecProcess {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const ended = new AbortController();
  const run = async (): Promise<number> => {
    const { Id: id } = await engine.call<{ Id: string }>({
      method: "POST",
      path: `/containers/${containerId}/exec`,
      body: {
        Cmd: command,
        Tty: tty,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        ...(tty ? { Env: ["TERM=xterm"] } : {}),
      },
    });
    const body = { Detach: false, Tty: tty };
    const socket = await engine.upgrade({ method: "POST", path: `/exec/${id}/start`, body });
    if (ended.signal.aborted) socket.destroy();
    ended.signal.addEventListener("abort", () => socket.destroy(), { once: true });
    // A command that reads nothing and ends first leaves a broken pipe: no error of anybody.
    const toCommand = tty ? typed(stdin) : stdin;
    pipeline(toCommand, socket, { end: !tty }).catch(() => undefined);
    await receive({ socket, tty, signal: ended.signal }, { stdout, stderr });
    return ended.signal.aborted ? KILLED : exitCodeOf(engine, id);
  };
  const exitCode = run().finally(() => {
    for (const stream of [stdin, stdout, stderr]) stream.end();
  });
  exitCode.catch(() => undefined);
  return { stdin, stdout, stderr, exitCode, kill: () => ended.abort() };
}

interface Session {
  readonly socket: Duplex;
  readonly tty: boolean;
  /** Aborts when the command is given up. */
  readonly signal: AbortSignal;
}

interface Outputs {
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
}

/** Hands on what the command writes, no faster than it is read. */
async function receive(session: Session, outputs: Outputs): Promise<void> {
  const { socket, tty, signal } = session;
  try {
    for await (const { stream, bytes } of tty ? rawFrames(socket) : readFrames(socket)) {
      const output = outputs[stream];
      if (output.write(bytes)) continue;
      await once(output, "drain", { signal });
    }
  } catch (error) {
    // Ended from this side: what the command said until then counts.
    if (!signal.aborted) throw error;
  } finally {
    socket.destroy();
  }
}

/** The end of input is a key on a terminal; closing the connection would end the output too. */
async function* typed(stdin: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* stdin;
  yield Buffer.from("\x04");
}

async function* rawFrames(
  socket: AsyncIterable<Buffer>,
): AsyncGenerator<{ stream: "stdout"; bytes: Buffer }> {
  for await (const bytes of socket) yield { stream: "stdout", bytes };
}

async function exitCodeOf(engine: Engine, id: string): Promise<number> {
  for (let left = EXIT_TRIES; left > 0; left -= 1) {
    const path = `/exec/${id}/json`;
    const found = await engine.call<{ Running: boolean; ExitCode: number | null }>({
      method: "GET",
      path,
    });
    if (!found.Running && found.ExitCode !== null) return found.ExitCode;
    await new Promise((resolve) => setTimeout(resolve, EXIT_INTERVAL_MS));
  }
  throw new Error("the command's streams ended, but it did not");
}
