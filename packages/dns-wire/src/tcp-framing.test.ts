import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError } from "./format-error.ts";
import { createFrameReader, frameMessage } from "./tcp-framing.ts";

describe("TCP framing", () => {
  it("gives back the messages however the stream is cut", () => {
    const message = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(message), fc.array(fc.nat(400)), (messages, cuts) => {
        const stream = Buffer.concat(messages.map(frameMessage));
        const reader = createFrameReader();
        const got: Buffer[] = [];
        let start = 0;
        for (const cut of [...cuts, stream.length]) {
          const stop = Math.min(start + cut, stream.length);
          got.push(...reader.push(stream.subarray(start, stop)));
          start = stop;
        }
        expect(got).toEqual(messages);
        expect(reader.pending()).toBe(0);
      }),
    );
  });

  it("holds an incomplete message only", () => {
    const reader = createFrameReader();
    expect(reader.push(Buffer.from([0, 1, 9, 0]))).toEqual([Buffer.from([9])]);
    expect(reader.pending()).toBe(1);
  });

  it("refuses a message that needs more than 16 bits of length", () => {
    expect(() => frameMessage(Buffer.alloc(65_536))).toThrow(FormatError);
  });
});
