import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import type { ContainerSpec } from "../runtime.ts";
import { type NodeProgram, toNodeProgram } from "./program.ts";

function program(spec: Partial<ContainerSpec>): NodeProgram {
  const whole: ContainerSpec = {
    name: "app",
    attempt: 0,
    image: "busybox",
    command: [],
    args: [],
    env: {},
    workingDir: "",
    mounts: [],
    logPath: "/l/0.log",
    limits: {},
    lastWordsFromLog: false,
    ...spec,
  };
  return toNodeProgram(whole, { hostname: "named", compileCache: "/cache" });
}

describe("toNodeProgram", () => {
  it.each<[Partial<ContainerSpec>, string[]]>([
    [{ image: "busybox" }, ["sh"]],
    [{ image: "busybox", args: ["sleep", "1"] }, ["sleep", "1"]],
    [{ image: "curl", args: ["http://x"] }, ["curl", "http://x"]],
    [{ image: "curl", command: ["echo"] }, ["echo"]],
    [{ image: "none", command: ["a"], args: ["b"] }, ["a", "b"]],
  ])("%j runs %j", (spec, command) => {
    expect(program(spec).command).toEqual(command);
  });

  it.each([[], ["b"]])("refuses an unknown image without command, with arguments %j", (...args) => {
    expect(() => program({ image: "none", args })).toThrow('no program stands for "none" here');
  });

  it("gives what an image would give, below what the pod says", () => {
    const { env, workingDir } = program({ env: { HOME: "/home", GREETING: "hi" } });
    expect(workingDir).toBe("/");
    expect(env).toEqual({
      PATH: expect.stringContaining(`${dirname(process.execPath)}:/usr/local/sbin`),
      HOSTNAME: "named",
      HOME: "/home",
      GREETING: "hi",
    });
  });

  it("shares compiled code among the images that are Node programs of ours", () => {
    const { env, mounts } = program({ image: "nginx" });
    const target = "/var/cache/kubehop/compile";
    expect(env["NODE_COMPILE_CACHE"]).toBe(target);
    expect(mounts).toEqual([{ source: "/cache", target, readOnly: false }]);
    expect(program({ image: "nginx", command: ["sh"] }).mounts).toEqual([]);
  });
});
