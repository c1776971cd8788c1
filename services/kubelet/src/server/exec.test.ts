import { describe, expect, it } from "vitest";
import { exitStatus, parseExecQuery } from "./exec.ts";

describe("parseExecQuery", () => {
  it("reads command words and streams", () => {
    const query = new URLSearchParams(
      "command=sh&command=-c&command=ls&stdin=true&stdout=1&stderr=true",
    );
    expect(parseExecQuery(query)).toEqual({
      command: ["sh", "-c", "ls"],
      stdin: true,
      stdout: true,
      stderr: true,
      tty: false,
    });
  });

  it("has no standard error beside a terminal", () => {
    const query = new URLSearchParams("command=sh&stderr=true&tty=true");
    expect(parseExecQuery(query)).toMatchObject({ stderr: false, tty: true });
  });

  it("wants a command", () => {
    expect(() => parseExecQuery(new URLSearchParams("stdout=true"))).toThrow(
      "at least one command",
    );
  });
});

it("exitStatus is upstream's Status", () => {
  expect(exitStatus(0)).toEqual({ metadata: {}, status: "Success" });
  expect(exitStatus(3)).toMatchObject({
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: "3" }] },
  });
});
