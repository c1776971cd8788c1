import { describe, expect, test } from "vitest";
import { findRole, ROLES } from "./roles.ts";

describe("roles", () => {
  test.each(Object.keys(ROLES))("%s loads, and knows its own name", async (name) => {
    const role = await ROLES[name]?.();
    expect(role?.name).toBe(name);
    expect(role?.summary).not.toBe("");
    for (const spec of Object.values(role?.flags ?? {})) expect(spec.description).not.toBe("");
  });

  test.each([
    [
      ["backend", "--port", "0"],
      ["--port", "0"],
    ],
    [["agnhost", "netexec", "--http-port=0"], ["--http-port=0"]],
    [["agnhost", "connect", "my-api:80"], ["my-api:80"]],
  ])("%j hands on what follows the name", (argv, args) => {
    expect(findRole(argv)?.args).toEqual(args);
  });

  test.each([
    [[]],
    [["agnhost"]],
    [["agnhost", "nothing"]],
    [["constructor"]],
    [["toString", "x"]],
  ])("%j names no role", (argv) => {
    expect(findRole(argv)).toBeUndefined();
  });
});
