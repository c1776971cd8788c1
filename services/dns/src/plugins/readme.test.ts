import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, createMetrics, systemClock } from "@kubehop/kit";
import { afterAll, describe, expect, it } from "vitest";
import { pluginNames } from "../block.ts";
import { createClusterView } from "../cluster/cluster-view.ts";
import { buildInstance } from "../instance.ts";
import { createDnsMetrics } from "../metrics.ts";
import type { ProcessContext } from "../plugin.ts";
import { createMemorySource } from "../testing/memory-source.ts";
import { parseText } from "../testing/parse-text.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const [, chapter = ""] = /^## Plugins\n([\s\S]*?)^## /m.exec(README) ?? [];
const SECTIONS = chapter
  .split(/^### /m)
  .slice(1)
  .map((text) => [text.slice(0, text.indexOf("\n")), text] as const);

const folder = mkdtempSync(join(tmpdir(), "kubehop-dns-readme-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Builds a Corefile as the server would, short of opening anything. */
function build(text: string): void {
  const view = { clock: systemClock, onApplied: () => {}, onProgrammed: () => {} };
  const context = {
    logger: createLogger({ name: "test", level: "silent" }),
    metrics: createDnsMetrics(createMetrics(), "test"),
    clock: systemClock,
    random: Math.random,
    folder,
    cluster: () => createClusterView({ ...view, source: createMemorySource() }),
    localAddresses: () => [],
  } as unknown as ProcessContext;
  buildInstance(parseText(text), { context, defaultPort: 53, defaultHosts: ["0.0.0.0"] });
}

describe("the README", () => {
  it("has a section for each plugin, in the order of the chain", () => {
    expect(SECTIONS.map(([name]) => name)).toEqual(pluginNames());
  });

  it.each(SECTIONS)("%s: says how it is written, and its example can be used", (name, text) => {
    expect(text).toContain(`\`${name}`);
    const examples = [...text.matchAll(/^```(?:corefile)?\n([\s\S]*?)^```/gm)]
      .map(([, example = ""]) => example)
      .filter((example) => example.includes("{"));
    expect(examples.some((example) => new RegExp(`^\\s*${name}\\b`, "m").test(example))).toBe(true);
    for (const example of examples) {
      // Certificates are the one thing that is read while a Corefile is built.
      if (name === "tls") expect(() => build(example)).toThrow("tls.crt");
      else build(example);
    }
  });
});
