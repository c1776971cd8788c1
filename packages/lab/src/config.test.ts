import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readLabEnvironment, stateHome } from "./config.ts";

const { uid } = userInfo();

describe("stateHome", () => {
  it.each<[Record<string, string>, string]>([
    [{ KUBEHOP_HOME: "/a", XDG_STATE_HOME: "/b", HOME: tmpdir() }, "/a"],
    [{ XDG_STATE_HOME: "/b", HOME: tmpdir() }, "/b/kubehop"],
    [{ HOME: tmpdir() }, join(tmpdir(), ".kubehop")],
    [{ HOME: "/does/not/exist" }, join(tmpdir(), `kubehop-${uid}`)],
    [{ HOME: "" }, join(tmpdir(), `kubehop-${uid}`)],
    [{}, join(tmpdir(), `kubehop-${uid}`)],
  ])("%j → %s", (variables, expected) => {
    expect(stateHome(variables)).toBe(expected);
  });

  it("refuses a folder that a sandbox does not see", () => {
    expect(() => stateHome({ KUBEHOP_HOME: "/run/user/1000/x" })).toThrow("below /run");
  });
});

describe("readLabEnvironment", () => {
  it("adds the system's folders to PATH and leaves relative ones out", () => {
    const { path } = readLabEnvironment(
      { PATH: "/opt/bin:node_modules/.bin:/usr/bin", KUBEHOP_NATS_SERVER: process.execPath },
      "node",
    );
    expect(path.split(":").slice(0, 2)).toEqual(["/opt/bin", "/usr/bin"]);
    expect(path.split(":")).toContain("/usr/sbin");
    expect(path).not.toContain("node_modules");
  });

  it("takes nats-server from KUBEHOP_NATS_SERVER, and says so when it is none", () => {
    const named = { KUBEHOP_NATS_SERVER: process.execPath };
    expect(readLabEnvironment(named, "node").natsServer).toBe(process.execPath);
    expect(() => readLabEnvironment({ KUBEHOP_NATS_SERVER: "/none" }, "node")).toThrow(
      'KUBEHOP_NATS_SERVER is "/none"',
    );
  });
});
