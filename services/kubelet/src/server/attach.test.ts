import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import type { LogReader } from "../runtime/runtime.ts";
import { attachTo } from "./attach.ts";

/** A program that answers what it reads with one line in its log, and ends. */
function program() {
  const input = new PassThrough();
  let log = "";
  const answer = async (): Promise<void> => {
    const typed = await text(input);
    log += `${typed.length} typed\n`;
  };
  const ended = answer();
  ended.catch(() => {});
  const read: LogReader = async () => {
    // A file is looked at in later turns.
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    const from = log.length;
    return (async function* follow() {
      await ended;
      yield Buffer.from(log.slice(from));
    })();
  };
  return { input, read };
}

test("a program that answers and ends at once is heard", async () => {
  const { input, read } = program();
  const attached = attachTo(read, input);
  attached.stdin.end("abc");
  expect(await text(attached.stdout)).toBe("3 typed\n");
  expect(await attached.exitCode).toBe(0);
});

test("where the log cannot be read the input ends, and the reason is told", async () => {
  const { input } = program();
  const attached = attachTo(() => Promise.reject(new Error("no log")), input);
  attached.exitCode.catch(() => {});
  await expect(text(attached.stdout)).rejects.toThrow("no log");
  expect(input.destroyed).toBe(true);
});

test("a client that goes takes the input with it", async () => {
  const { input, read } = program();
  attachTo(read, input).kill();
  await read({ follow: true, timestamps: false, previous: false }, AbortSignal.abort());
  expect(input.destroyed).toBe(true);
});
