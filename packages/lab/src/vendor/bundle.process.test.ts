import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundleVendor } from "./bundle.ts";

const execute = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), "kubehop-vendor-"));
const put = (path: string, text: string): void => {
  mkdirSync(join(directory, path, ".."), { recursive: true });
  writeFileSync(join(directory, path), text);
};

beforeAll(async () => {
  put("app/node_modules/common/package.json", '{ "main": "index.js" }');
  put("app/node_modules/common/index.js", 'exports.greet = (name) => "hello " + name;');
  put("app/node_modules/modern/package.json", '{ "type": "module", "exports": "./index.js" }');
  put(
    "app/node_modules/modern/index.js",
    'import { greet } from "common"; export const hi = greet("you"); export default 7;',
  );
  put(
    "app/main.mjs",
    'import { greet } from "common"; import seven, { hi } from "modern"; console.log(greet("me"), hi, seven);',
  );
  const importer = join(directory, "app", "main.mjs");
  await bundleVendor(
    ["common", "modern"].map((specifier) => ({ specifier, importer })),
    join(directory, "vendor"),
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it("gives programs the same modules without the packages", async () => {
  rmSync(join(directory, "app", "node_modules"), { recursive: true });
  const main = join(directory, "app", "main.mjs");
  await expect(execute(process.execPath, [main])).rejects.toThrow("Cannot find package");
  const register = join(directory, "vendor", "register.mjs");
  const { stdout } = await execute(process.execPath, ["--import", register, main]);
  expect(stdout).toBe("hello me hello you 7\n");
});
