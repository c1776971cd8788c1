import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { readMark } from "./pod-directory.ts";
import { parseStat, signalProcess } from "./process-table.ts";

/**
 * A way into the standard input of a container's program: the named pipe that container.sh has made.
 * A process of the container holds the pipe open between two clients; with `once` it ends when this
 * one is done, and with it the program's input. Throws when the program no longer reads.
 */
export function openInput(directory: string, { once }: { readonly once: boolean }): Writable {
  // Without waiting: a pipe that nobody reads is an error, and a full one must not hold up a thread.
  const fd = openSync(join(directory, "stdin"), constants.O_WRONLY | constants.O_NONBLOCK);
  const input = new Socket({ fd, readable: false, writable: true });
  input.on("error", () => input.destroy());
  if (once) input.once("close", () => endHolder(directory));
  return input;
}

function endHolder(directory: string): void {
  const holder = parseStat(readMark(join(directory, "stdin-holder"))?.text ?? "");
  if (holder !== undefined) signalProcess(holder, "SIGKILL");
}
