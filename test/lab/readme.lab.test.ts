import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CliProcess, startCli } from "../support/cli-process.ts";
import { ROOT } from "../support/paths.ts";
import { hasProgram, whyNoLab } from "../support/requirements.ts";

const NO_LAB = whyNoLab();
const COMMAND_MS = 170_000;

/** The commands that the README tells a reader to type, in order. */
const COMMANDS = consoleCommands(readFileSync(join(ROOT, "README.md"), "utf8")).filter((command) =>
  command.startsWith("npx kubehop"),
);

describe.skipIf(NO_LAB !== undefined)(`commands of the README ${NO_LAB ?? ""}`, () => {
  let home = "";
  let lab: CliProcess;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "kubehop-readme-"));
    lab = startCli(home, ["start"]);
    await waitFor(() => lab.stdout().includes("Ctrl-C ends the lab"), {
      timeoutMs: 120_000,
      describe: () => `npm start to come up; it printed:\n${lab.output()}`,
    });
  });

  afterAll(async () => {
    lab.signal("SIGTERM");
    await lab.exited;
    await rm(home, { recursive: true, force: true });
  });

  test("there are some", () => expect(COMMANDS.length).toBeGreaterThan(10));

  test.for(COMMANDS)("%s", async (command, { skip }) => {
    const missing = ["kubectl", "curl"].find((name) => command.includes(name) && !hasProgram(name));
    skip(missing !== undefined, `${missing} is not on PATH`);
    const env = { ...process.env, KUBEHOP_HOME: home };
    const run = promisify(execFile)("sh", ["-c", command], { cwd: ROOT, env, timeout: COMMAND_MS });
    const { stdout } = await run;
    expect(stdout).not.toBe("");
  });
});

function consoleCommands(markdown: string): string[] {
  return [...markdown.matchAll(/^```console\n([^]*?)^```/gm)]
    .flatMap(([, block = ""]) => block.split("\n"))
    .filter((line) => line.startsWith("$ "))
    .map((line) => line.slice(2));
}
