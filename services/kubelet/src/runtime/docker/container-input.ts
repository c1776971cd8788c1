import { PassThrough, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Engine } from "./engine.ts";

/**
 * A way into the standard input of a container of the engine that was made with one. When it ends the
 * engine ends the program's input too, if the container was made so (StdinOnce).
 */
export function inputOfContainer(engine: Engine, containerId: string): Writable {
  const input = new PassThrough();
  const join = async (): Promise<void> => {
    const socket = await engine.upgrade({
      method: "POST",
      path: `/containers/${containerId}/attach`,
      query: { stream: true, stdin: true },
    });
    socket.resume();
    await pipeline(input, socket);
  };
  join().catch((error: unknown) => input.destroy(error as Error));
  input.on("error", () => undefined);
  return input;
}
