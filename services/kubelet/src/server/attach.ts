import { PassThrough, pipeline, Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { ExecProcess, LogReader } from "../runtime/runtime.ts";

/**
 * A running container as a process to join: what it writes from now on, until it ends. Standard
 * output and error are one stream, as the container's log is; `input` is the container's, absent
 * when it has none or the client sends none: what is written then leads nowhere. Nothing is written to
 * it before it is known from where on the log is read: a program may answer and end at once.
 */
export function attachTo(read: LogReader, input: Writable | undefined): ExecProcess {
  const gone = new AbortController();
  const query = { follow: true, tailLines: 0, timestamps: false, previous: false };
  const log = read(query, gone.signal);
  const stdout = Readable.from(chunksOf(log));
  // The client hears of the container's end by its output, not by what it could not write.
  const stdin = new PassThrough().on("error", () => {});
  if (input === undefined) stdin.resume();
  else
    log.then(
      () => join(stdin, input),
      () => input.destroy(),
    );
  return {
    stdin,
    stdout,
    stderr: Readable.from([]),
    exitCode: finished(stdout).then(() => 0),
    kill() {
      gone.abort();
      stdin.destroy();
      input?.destroy();
    },
  };
}

/** Either may be gone by now: the client, or the program's side. */
function join(stdin: Readable, input: Writable): void {
  if (stdin.destroyed || input.destroyed) stdin.resume();
  else pipeline(stdin, input, () => {});
}

async function* chunksOf(log: Promise<AsyncIterable<Buffer>>): AsyncGenerator<Buffer> {
  yield* await log;
}
