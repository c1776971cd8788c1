import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./sources.ts";

const READMES = globSync("examples/*/README.md", { cwd: ROOT }).sort();

describe.each(READMES)("%s", (readme) => {
  const folder = dirname(join(ROOT, readme));
  const text = readFileSync(join(ROOT, readme), "utf8");

  test("quotes code that is there, word for word", () => {
    const files = globSync("**/*.{ts,mjs}", { cwd: folder, exclude: ["node_modules/**"] });
    const code = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
    const quotes = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, block = ""]) => block);
    expect(quotes.length).toBeGreaterThan(0);
    for (const quote of quotes) expect(unindented(code)).toContain(unindented(quote));
  });

  test("links to files that exist", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, link = ""]) => link);
    expect(links.filter((link) => !existsSync(join(folder, link)))).toEqual([]);
  });
});

/** A quote stands at the margin, whatever it is taken from. */
function unindented(code: string): string {
  return code.replace(/^ +/gm, "");
}

test("there are examples with a README", () => expect(READMES).not.toEqual([]));
