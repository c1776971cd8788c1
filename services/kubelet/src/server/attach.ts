import { PassThrough, Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { ExecProcess, LogReader } from "../runtime/runtime.ts";

/**
 * A running container as a process to join: what it writes from now on, until it ends. Standard
 * output and error are one stream, as the container's log is; `input` is the container's, absent
 * when it has none or the client sends none: what is written then leads nowhere.
 */
export function attachTo(read: LogReader, input: Writable | undefined): ExecProcess {
  const gone = new AbortController();
  const query = { follow: true, tailLines: 0, timestamps: false, previous: false };
  const stdout = Readable.from(output(() => read(query, gone.signal)));
  const stdin = input ?? new PassThrough().resume();
  return {
    stdin,
    stdout,
    stderr: Readable.from([]),
    exitCode: finished(stdout).then(() => 0),
    kill() {
      gone.abort();
      stdin.destroy();
    },
  };
}

async function* output(open: () => Promise<AsyncIterable<Buffer>>): AsyncGenerator<Buffer> {
  yield* await open();
}
