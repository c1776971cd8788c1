import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFrames, readJsonLines } from "./engine-stream.ts";

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** The bytes in pieces of these lengths, the rest in one. */
async function* cut(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Buffer> {
  let rest = bytes;
  for (const length of lengths) {
    yield rest.subarray(0, length);
    rest = rest.subarray(length);
  }
  yield rest;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of source) found.push(value);
  return found;
}

describe("readFrames", () => {
  it("tells the two streams apart", async () => {
    const bytes = Buffer.concat([frame(1, "out"), frame(2, "err"), frame(1, ""), frame(0, "in")]);
    const chunks = await all(readFrames(cut(bytes, [])));
    expect(chunks.map(({ stream, bytes }) => [stream, bytes.toString()])).toEqual([
      ["stdout", "out"],
      ["stderr", "err"],
      ["stdout", "in"],
    ]);
  });

  it("puts frames together again wherever they were cut", async () => {
    const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(12)), async (given, lengths) => {
        const bytes = Buffer.concat(given.map(([stream, text]) => frame(stream, text)));
        const chunks = await all(readFrames(cut(bytes, lengths)));
        for (const [stream, number] of [
          ["stdout", 1],
          ["stderr", 2],
        ] as const) {
          const own = chunks.filter((chunk) => chunk.stream === stream);
          const texts = given.filter(([of]) => of === number).map(([, text]) => text);
          expect(Buffer.concat(own.map((chunk) => chunk.bytes)).toString()).toBe(texts.join(""));
        }
      }),
    );
  });
});

describe("readJsonLines", () => {
  it("reads values wherever the lines were cut, also within a character", async () => {
    const values = [{ a: "ä€" }, { b: 2 }];
    const bytes = Buffer.from(values.map((value) => JSON.stringify(value)).join("\n"));
    for (let length = 0; length <= bytes.length; length += 1) {
      expect(await all(readJsonLines(cut(bytes, [length])))).toEqual(values);
    }
  });

  it("throws at what is no JSON", async () => {
    await expect(all(readJsonLines(cut(Buffer.from("x\n"), [])))).rejects.toThrow("JSON");
  });
});
