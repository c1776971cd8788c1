import { expect, it } from "vitest";
import { controlFrame, createFrameReader, dataFrame, PING, readHeaders } from "./spdy-frames.ts";

it("reads frames whatever the pieces they come in", () => {
  const wire = Buffer.concat([
    dataFrame(3, Buffer.from("hello")),
    controlFrame(PING, Buffer.from([0, 0, 0, 1])),
    dataFrame(5, Buffer.alloc(0), true),
  ]);
  const expected = [
    { kind: "data", stream: 3, fin: false, bytes: Buffer.from("hello") },
    { kind: "control", type: PING, flags: 0, bytes: Buffer.from([0, 0, 0, 1]) },
    { kind: "data", stream: 5, fin: true, bytes: Buffer.alloc(0) },
  ];
  for (const size of [1, 7, wire.length]) {
    const read = createFrameReader();
    const frames = [];
    for (let at = 0; at < wire.length; at += size)
      frames.push(...read(wire.subarray(at, at + size)));
    expect(frames).toEqual(expected);
  }
});

it("takes no frame that is too large", () => {
  const read = createFrameReader();
  expect(() => read(Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff]))).toThrow("too large");
});

it("reads header blocks, and refuses those that are cut short", () => {
  const text = (value: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const block = Buffer.concat([Buffer.from([0, 0, 0, 1]), text("StreamType"), text("data")]);
  expect([...readHeaders(block)]).toEqual([["streamtype", "data"]]);
  expect(() => readHeaders(block.subarray(0, -1))).toThrow("cut short");
});
