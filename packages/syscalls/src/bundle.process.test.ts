import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const BUNDLER = join(import.meta.dirname, "../../../tools/image/bundle.mjs");
/** What packages/syscalls does first. */
const PROBE = `
  const { default: koffi } = await import("koffi");
  console.log(koffi.load(null).func("int getpid()")() === process.pid);
`;

test("programs that are bundled find the addon", () => {
  const directory = mkdtempSync(join(tmpdir(), "kubehop-bundle-"));
  try {
    execFileSync(process.execPath, [BUNDLER, directory]);
    writeFileSync(join(directory, "probe.mjs"), PROBE);
    const said = execFileSync(process.execPath, [join(directory, "probe.mjs")], {
      encoding: "utf8",
    });
    expect(said).toBe("true\n");
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
