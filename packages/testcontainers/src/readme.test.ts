import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KubehopContainer, StartedKubehopContainer } from "./index.ts";

const README = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
/** Of Testcontainers' own class; the README's last row stands for those. */
const INHERITED = new Set(["constructor", "start", "beforeContainerCreated", "containerCreated"]);
const INTERNAL = new Set(["constructor", "containerStopping"]);

describe("README.md", () => {
  test("lists every option of a lab that does not run yet", () => {
    expect(named("Before the start")).toEqual(methods(KubehopContainer, INHERITED));
  });

  test("lists every method of one that runs", () => {
    const own = methods(StartedKubehopContainer, INTERNAL);
    expect(named("While it runs")).toEqual([...own, "stop"].toSorted());
  });
});

function methods(type: { readonly prototype: object }, without: ReadonlySet<string>): string[] {
  const names = Object.getOwnPropertyNames(type.prototype);
  return names.filter((name) => !without.has(name)).toSorted();
}

/** What the first cells of the table below a heading name. */
function named(heading: string): string[] {
  const section = README.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const cells = [...section.matchAll(/^\| ([^|]*)\|/gm)].map(([, cell = ""]) => cell);
  const names = cells.flatMap((cell) =>
    [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name ?? ""),
  );
  return names.filter((name) => /^[a-z]/.test(name)).toSorted();
}
