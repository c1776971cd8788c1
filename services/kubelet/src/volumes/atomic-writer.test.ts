import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writePayload } from "./atomic-writer.ts";
import type { Payload } from "./payload.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "kubehop-volume-"));
});
afterEach(() => rm(directory, { recursive: true }));

function payload(files: Readonly<Record<string, string>>): Payload {
  return new Map(
    Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode: 0o640 }]),
  );
}

it("links every name through ..data and swaps all of them at once", async () => {
  await writePayload(directory, payload({ a: "1", "dir/b": "2" }), "first");
  expect(await readlink(join(directory, "..data"))).toBe("..first");
  expect(await readlink(join(directory, "a"))).toBe("..data/a");
  expect(await readFile(join(directory, "dir/b"), "utf8")).toBe("2");
  expect((await stat(join(directory, "a"))).mode & 0o777).toBe(0o640);

  await writePayload(directory, payload({ a: "3", c: "4" }), "second");
  expect(await readFile(join(directory, "a"), "utf8")).toBe("3");
  expect((await readdir(directory)).sort()).toEqual(["..data", "..second", "a", "c"]);
});

it("makes an empty volume and survives a swap that was broken off", async () => {
  await writePayload(directory, payload({}), "first");
  await writePayload(directory, payload({ a: "1" }), "first");
  expect((await readdir(directory)).sort()).toEqual(["..data", "..first", "a"]);
});
