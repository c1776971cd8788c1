import { StringDecoder } from "node:string_decoder";

/** A piece of output of a container, and which of its two streams it came from. */
export interface OutputChunk {
  readonly stream: "stderr" | "stdout";
  readonly bytes: Buffer;
}

const HEADER_BYTES = 8;
const STDERR = 2;
/** Longest line of JSON that is believed; the engine's are some kilobytes. */
const MAX_LINE = 4 * 1_024 * 1_024;

/**
 * Splits the frames of attached streams and logs (API: "Stream format"): a header of 8 bytes, whose
 * first tells the stream and whose last four the length, then the bytes. A frame may come in parts.
 */
export async function* readFrames(source: AsyncIterable<Buffer>): AsyncGenerator<OutputChunk> {
  const split = createSplitter();
  for await (const chunk of source) yield* split(chunk);
}

function createSplitter(): (chunk: Buffer) => Generator<OutputChunk> {
  let header = Buffer.alloc(0);
  let left = 0;
  let stream: OutputChunk["stream"] = "stdout";
  return function* (chunk) {
    for (let rest = chunk; rest.length > 0;) {
      if (left > 0) {
        const bytes = rest.subarray(0, left);
        left -= bytes.length;
        rest = rest.subarray(bytes.length);
        yield { stream, bytes };
        continue;
      }
      const missing = HEADER_BYTES - header.length;
      header = Buffer.concat([header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (header.length < HEADER_BYTES) return;
      stream = header[0] === STDERR ? "stderr" : "stdout";
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  };
}

/** Reads one JSON value a line (events, progress of a pull). Throws when a line is none. */
export async function* readJsonLines(source: AsyncIterable<Buffer>): AsyncGenerator {
  const decoder = new StringDecoder("utf8");
  let text = "";
  for await (const chunk of source) {
    text += decoder.write(chunk);
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as unknown;
    if (text.length > MAX_LINE) throw new Error("the engine sent a line without end");
  }
  if (text.trim() !== "") yield JSON.parse(text) as unknown;
}
