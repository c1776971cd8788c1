import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ownVariables } from "../support/compose-lab.ts";
import { docker, whyNoEngine } from "../support/engine.ts";
import { ROOT } from "../support/paths.ts";
import { hasProgram } from "../support/requirements.ts";

const NO_ENGINE = whyNoEngine();
const COMMAND_MS = 170_000;

/**
 * The commands that the guide tells a reader to type, in order; the image is there already. Those
 * of the lab without the engine's socket are run by compose-static.test.ts.
 */
const COMMANDS = consoleCommands(readFileSync(join(ROOT, "docs/docker.md"), "utf8")).filter(
  (command) => command !== "npm run image" && !command.includes("docker-compose.static.yml"),
);

describe.skipIf(NO_ENGINE !== undefined)(`commands of docs/docker.md ${NO_ENGINE ?? ""}`, () => {
  let env: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    env = await ownVariables();
    mkdirSync(join(ROOT, "dist"), { recursive: true });
  });
  afterAll(async () => {
    await docker(["compose", "down", "-v"], env);
  });

  test("there are some", () => expect(COMMANDS.length).toBeGreaterThan(15));

  test.for(COMMANDS)("%s", async (command, { skip }) => {
    skip(command.includes("kubectl") && !hasProgram("kubectl"), "kubectl is not on PATH");
    const line = command
      .replace("docker compose exec ", "docker compose exec -T ")
      .replace("-T -T ", "-T ")
      .replace(":30080", `:${env["KUBEHOP_NODE_PORT"]}`);
    const options = { cwd: ROOT, env: { ...process.env, ...env }, timeout: COMMAND_MS };
    const { stdout, stderr } = await promisify(execFile)("sh", ["-ec", line], options);
    if (!command.includes(">")) expect(stdout + stderr).not.toBe("");
    if (command.includes("curl")) expect(stdout).toContain('"pod"');
  });
});

function consoleCommands(markdown: string): string[] {
  return [...markdown.matchAll(/^```console\n([^]*?)^```/gm)]
    .flatMap(([, block = ""]) => block.split("\n"))
    .filter((line) => line.startsWith("$ "))
    .map((line) => line.slice(2));
}
