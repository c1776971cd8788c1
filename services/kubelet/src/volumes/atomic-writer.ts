import { chmod, mkdir, readdir, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Payload } from "./payload.ts";

/** The link that is swapped: readers see all of the old files or all of the new ones. */
const DATA = "..data";

/**
 * Puts files into a volume so that they change all at once (pkg/volume/util/atomic_writer.go): a
 * new directory is filled, `..data` is made to point to it by one rename, and each top-level name
 * is a link through `..data`. The directory before is removed.
 */
export async function writePayload(
  directory: string,
  payload: Payload,
  stamp: string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const before = await readlink(join(directory, DATA)).catch(() => undefined);
  const next = `..${stamp}`;
  for (const [path, { data, mode }] of payload) {
    const file = join(directory, next, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data);
    await chmod(file, mode);
  }
  await mkdir(join(directory, next), { recursive: true });
  await rm(join(directory, `${DATA}_tmp`), { force: true });
  await symlink(next, join(directory, `${DATA}_tmp`));
  await rename(join(directory, `${DATA}_tmp`), join(directory, DATA));
  await linkNames(directory, payload);
  if (before !== undefined && before !== next) {
    await rm(join(directory, before), { recursive: true, force: true });
  }
}

async function linkNames(directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split("/")[0] ?? path));
  const present = (await readdir(directory)).filter((name) => !name.startsWith(".."));
  for (const name of present) {
    if (!wanted.delete(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
  for (const name of wanted) await symlink(join(DATA, name), join(directory, name));
}
