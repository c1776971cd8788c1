import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { ConfigError, HELP, helpText, parseConfig } from "./config.ts";

const schema = Type.Object({
  nodeName: Type.String({ description: "Name of this node." }),
  port: Type.Integer({ default: 10250, minimum: 0, maximum: 65535 }),
  verbose: Type.Boolean({ default: true }),
  nodeLabels: Type.Array(Type.String(), { default: [] }),
  token: Type.Optional(Type.String()),
});

const parse = (argv: string[], env: Record<string, string> = {}) =>
  parseConfig(schema, { argv, env });

describe("parseConfig", () => {
  it("lets the flag win over the environment and the environment over the default", () => {
    const env = { KUBEHOP_NODE_NAME: "from-env", KUBEHOP_PORT: "1" };
    expect(parse(["--port", "2"], env)).toEqual({
      nodeName: "from-env",
      port: 2,
      verbose: true,
      nodeLabels: [],
    });
  });

  it("reads booleans as Go programs do", () => {
    const base = ["--node-name=n"];
    expect(parse([...base, "--verbose=false"])).toMatchObject({ verbose: false });
    expect(parse([...base, "--verbose"])).toMatchObject({ verbose: true });
    expect(parse(base, { KUBEHOP_VERBOSE: "false" })).toMatchObject({ verbose: false });
  });

  it("joins repeated flags and splits comma-separated lists", () => {
    const config = parse(["--node-name=n", "--node-labels=a=1", "--node-labels", "b=2,c=3"]);
    expect(config).toMatchObject({ nodeLabels: ["a=1", "b=2", "c=3"] });
  });

  it("freezes what it gives", () => {
    expect(Object.isFrozen(parse(["--node-name=n"]))).toBe(true);
  });

  it.each([
    [[], "--node-name is required (or KUBEHOP_NODE_NAME in the environment)."],
    [["--node-name=n", "--port=abc"], '--port: "abc" is not a number.'],
    [["--node-name=n", "--port="], '--port: "" is not a number.'],
    [["--node-name=n", "--port=70000"], '--port: "70000" must be <= 65535.'],
    [["--node-name=n", "--verbose=maybe"], '--verbose: "maybe" is neither true nor false.'],
    [["--node-name=n", "--nope"], "Unknown option '--nope'"],
    [["--node-name=n", "stray"], "Unexpected argument 'stray'"],
  ])("refuses %j naming the flag", (argv, message) => {
    expect(() => parse(argv)).toThrow(ConfigError);
    expect(() => parse(argv)).toThrow(message);
  });

  it("gives HELP for --help even when required flags are missing", () => {
    expect(parse(["--help"])).toBe(HELP);
    expect(helpText("kubelet", schema)).toContain("--node-name\n      Name of this node.");
    expect(helpText("kubelet", schema)).toContain("default 10250, env KUBEHOP_PORT");
  });
});
