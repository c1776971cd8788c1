import type { Readable } from "node:stream";
import { type KubeObject, type Status, StatusError } from "@kubehop/api";

/** One event of an HTTP watch. A BOOKMARK's object has nothing but its resourceVersion. */
export interface WatchEvent<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: T;
}

/** No object is that large; a stream without line ends is no watch. */
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;

/**
 * Reads the JSON lines of a watch until the stream ends. Throws the StatusError of an ERROR event
 * (410 Expired: list again) and an Error for a line that is none of ours. Leaving the loop closes
 * the connection.
 */
export async function* readWatch<T extends KubeObject>(
  body: Readable,
): AsyncGenerator<WatchEvent<T>> {
  let rest = "";
  body.setEncoding("utf8");
  for await (const chunk of body) {
    const lines = (rest + (chunk as string)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_CHARACTERS) throw new Error("a watch event has no end");
    for (const line of lines) if (line !== "") yield parseEvent<T>(line);
  }
}

function parseEvent<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = parseLine(line);
  switch (event.type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
    case "BOOKMARK":
      return { type: event.type, object: event.object as T };
    case "ERROR":
      throw new StatusError(event.object as Status);
    default:
      throw new Error(`not a watch event: ${line.slice(0, 200)}`);
  }
}

function parseLine(line: string): { type?: unknown; object?: unknown } {
  try {
    return JSON.parse(line) as { type?: unknown; object?: unknown };
  } catch (cause) {
    throw new Error(`not a watch event: ${line.slice(0, 200)}`, { cause });
  }
}
