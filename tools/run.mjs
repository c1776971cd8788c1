#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reportFailure, setup } from "./setup.mjs";
import { runInForeground } from "./toolchain/foreground.mjs";
import { envWithNode, ROOT } from "./toolchain/paths.mjs";

const BIN = join(ROOT, "node_modules", ".bin");

/** What `npm run check` runs, in this order; all of it runs even when one fails. */
const CHECKS = [
  ["format", "oxfmt", "--check"],
  ["lint", "oxlint"],
  ["types", "tsc", "-p", "tsconfig.json"],
  ["unused", "knip"],
];

const tasks = { test, check, bench, image };
const [name, ...args] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  process.stderr.write(
    `kubehop: there is no task "${name}"; use ${Object.keys(tasks).join(", ")}.\n`,
  );
  process.exit(2);
}
process.chdir(ROOT);
const node = await reportFailure(setup);
const env = envWithNode(node);
process.exitCode = await task(args);

/** Runs vitest and ends with one line that counts; in CI a skipped test is a failure. */
async function test(given) {
  const missing = given.some((word) => word.startsWith("--project")) ? undefined : whyNoDocker();
  if (missing === undefined) return vitest(given);
  const isFailure = process.env.CI === "true";
  process.stdout.write(
    `without the Docker tests: ${missing}${isFailure ? ", which is a failure under CI=true" : ""}\n`,
  );
  const code = await vitest(["--project=!docker", ...given]);
  return isFailure ? 1 : code;
}

async function vitest(vitestArgs) {
  const directory = mkdtempSync(join(tmpdir(), "kubehop-test-"));
  const file = join(directory, "summary.json");
  try {
    const reporter = join(ROOT, "tools", "toolchain", "vitest-summary.mjs");
    const code = await runInForeground(
      join(BIN, "vitest"),
      ["run", "--reporter=default", `--reporter=${reporter}`, ...vitestArgs],
      { ...env, KUBEHOP_TEST_SUMMARY: file },
    );
    return printSummary(JSON.parse(readFileSync(file, "utf8")), code);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    process.stderr.write("kubehop: vitest ended before it ran any test; its message is above.\n");
    return 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Why the project `docker` cannot run here; undefined when it can. */
function whyNoDocker() {
  const succeeds = (args) =>
    spawnSync("docker", args, { stdio: "ignore", timeout: 10_000 }).status === 0;
  if (!succeeds(["version"])) return "no Docker Engine can be reached";
  return succeeds(["compose", "version"]) ? undefined : "docker has no Compose v2";
}

function printSummary({ passed, failed, skipped }, code) {
  for (const { test, reason } of skipped) process.stdout.write(`skipped: ${test}: ${reason}\n`);
  const skipsFail = skipped.length > 0 && process.env.CI === "true";
  if (skipped.length > 0) {
    const meaning = skipsFail ? "; under CI=true a skipped test counts as a failure" : "";
    process.stdout.write(`${skipped.length} skipped${meaning}\n`);
  }
  const failures = failed + (skipsFail ? skipped.length : 0);
  process.stdout.write(`${passed} passed, ${failures} failed\n`);
  return code === 0 && skipsFail ? 1 : code;
}

/** Runs every check and says which failed. */
async function check() {
  const failed = [];
  for (const [title, program, ...options] of CHECKS) {
    process.stdout.write(`== ${title}\n`);
    const code = await runInForeground(join(BIN, program), options, env);
    if (code !== 0) failed.push(title);
  }
  process.stdout.write(
    failed.length === 0 ? "all checks passed\n" : `failed: ${failed.join(", ")}\n`,
  );
  return failed.length === 0 ? 0 : 1;
}

/** Runs the benchmark. */
function bench(options) {
  return runInForeground(node, [join(ROOT, "test", "bench", "main.ts"), ...options], env);
}

/** Builds the Docker image. */
function image(options) {
  return runInForeground(node, [join(ROOT, "tools", "image", "main.mjs"), ...options], env);
}
