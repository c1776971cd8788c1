import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROLES } from "./roles.ts";

const README = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

test.each(Object.keys(ROLES))(
  "the README describes the role %s and exactly its flags",
  async (name) => {
    const [, rest = ""] = README.split(new RegExp(`^### ${name}$`, "m"));
    const section = rest.split(/^### /m)[0] ?? "";
    const documented = [...section.matchAll(/^\| `--([a-z-]+)` +\| (?:`(.+?)`)? *\|/gm)];
    const role = await ROLES[name]?.();
    const flags = Object.entries(role?.flags ?? {});
    expect(section).toContain(role?.summary);
    expect(documented.map(([, flag, value]) => [flag, value ?? ""])).toEqual(
      flags.map(([flag, spec]) => [flag, String(spec.default)]),
    );
  },
);
