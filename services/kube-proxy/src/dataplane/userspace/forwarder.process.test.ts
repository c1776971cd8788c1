import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const FORWARDER = join(import.meta.dirname, "forwarder.ts");

/** Has Node.js find no koffi, as on a machine that it was not built for. */
const WITHOUT_KOFFI = `
  import { registerHooks } from "node:module";
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "koffi") throw new Error("Cannot find the module koffi");
      return next(specifier, context);
    },
  });
`;

/** Prints what was logged, and whether there are system calls. */
const ask = (wanted: string): string => `
  import { loadForwarder } from ${JSON.stringify(FORWARDER)};
  const lines = [];
  const log = (level) => ({ cause }, message) => lines.push({ level, cause, message });
  const syscalls = await loadForwarder("${wanted}", { info: log("info"), warn: log("warn") });
  console.log(JSON.stringify({ lines, has: syscalls !== undefined }));
`;

it.each([
  { wanted: "epoll", without: false, has: true, levels: [] },
  { wanted: "auto", without: false, has: true, levels: [] },
  { wanted: "node", without: false, has: false, levels: [] },
  { wanted: "epoll", without: true, has: false, levels: ["warn"] },
  { wanted: "auto", without: true, has: false, levels: ["info"] },
  { wanted: "node", without: true, has: false, levels: [] },
])("--forwarder=$wanted, without koffi: $without", async ({ wanted, without, has, levels }) => {
  const hooks = without ? ["--import", `data:text/javascript,${encodeURI(WITHOUT_KOFFI)}`] : [];
  const args = [...hooks, "--input-type=module", "--eval", ask(wanted)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  const answer = JSON.parse(stdout) as { has: boolean; lines: { level: string; cause: string }[] };
  expect(answer.has).toBe(has);
  expect(answer.lines.map(({ level }) => level)).toEqual(levels);
  for (const { cause } of answer.lines) expect(cause).toContain("Cannot find the module koffi");
});
