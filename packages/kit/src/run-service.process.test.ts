import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FIXTURE = fileURLToPath(new URL("testing/service-fixture.ts", import.meta.url));

function start(args: string[]) {
  const child = spawn(process.execPath, [FIXTURE, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (output.stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (output.stderr += String(chunk)));
  return { child, output, closed: once(child, "close") as Promise<[number | null]> };
}

describe("runService", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("disposes the service at %s", async (signal) => {
    const { child, output, closed } = start(["--greeting=hello"]);
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await closed).toEqual([0, null]);
    // The logger writes past the stream that the fixture writes to: their order is open.
    expect(output.stdout).toContain("disposed, signalled true\n");
    expect(output.stdout).toContain('"msg":"stopping"');
  });

  it("says what is wrong with the flags and exits with 2", async () => {
    const { output, closed } = start(["--nope"]);
    expect((await closed)[0]).toBe(2);
    expect(output.stderr).toContain("kubehop fixture: Unknown option '--nope'");
  });

  it("exits with 1 and the reason when it cannot be built", async () => {
    const { output, closed } = start(["--greeting=x", "--failing"]);
    expect((await closed)[0]).toBe(1);
    expect(output.stderr).toContain("cannot bind 10.0.0.1:53");
  });

  it("prints help", async () => {
    const { output, closed } = start(["--help"]);
    expect((await closed)[0]).toBe(0);
    expect(output.stdout).toContain("--greeting");
  });
});
