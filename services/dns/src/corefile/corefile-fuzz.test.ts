import { createLogger, createMetrics, systemClock } from "@kubehop/kit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createClusterView } from "../cluster/cluster-view.ts";
import { pluginNames } from "../block.ts";
import { buildInstance } from "../instance.ts";
import { createDnsMetrics } from "../metrics.ts";
import type { ProcessContext } from "../plugin.ts";
import { createMemorySource } from "../testing/memory-source.ts";
import { parseText } from "../testing/parse-text.ts";
import { CorefileError } from "./corefile-error.ts";

const PLACE = /^\/[^:]+:\d+:\d+: ./;
const ignore = () => undefined;
const view = { clock: systemClock, onApplied: ignore, onProgrammed: ignore };
const context = {
  logger: createLogger({ name: "test", level: "silent" }),
  metrics: createDnsMetrics(createMetrics(), "test"),
  clock: systemClock,
  random: Math.random,
  folder: "/nonexistent",
  cluster: () => createClusterView({ ...view, source: createMemorySource() }),
  localAddresses: () => [],
} as unknown as ProcessContext;

/** Whether the text can be used; a mistake must be told with its place. */
function isUsable(text: string): boolean {
  try {
    const options = { context, defaultPort: 53, defaultHosts: ["0.0.0.0"] };
    buildInstance(parseText(text, { files: { "/etc/other": ". {\n whoami\n}" } }), options);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(CorefileError);
    expect((error as CorefileError).message).toMatch(PLACE);
    return false;
  }
}

const WORDS =
  '{ } ( ) # , . : " \\" {$HOME} {%X%} (snip) import snip other *.conf tls:// dns://. .:53 10.0.0.0/8 fd00::/8';
const VALUES =
  "- 0 1 99999999999 5s -1s 1h 50% A ANY IN CH * cluster.local 192.0.2.1 ::1 on ( [ \\ ^a$ {1} ${x} {{ }} true";

describe("any Corefile", () => {
  it("is understood or refused with file, line and column", () => {
    const words = [...WORDS.split(" "), ...VALUES.split(" "), ...pluginNames(), "\n", "\n", "\n"];
    const word = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...words) },
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), (list) => {
        isUsable(list.join(" "));
      }),
      { numRuns: 3_000 },
    );
  });

  it("with any words behind a directive and its properties is, too", () => {
    const value = fc.oneof(
      fc.constantFrom(...VALUES.split(" ")),
      fc.stringMatching(/^[a-z_0-9]{1,8}$/),
    );
    const properties =
      "ttl zones success denial prefetch serve_stale servfail match answer rcode to expr except policy class prefer pods labels block drop delay read consolidate set";
    const property = fc.tuple(
      fc.constantFrom(...properties.split(" ")),
      fc.array(value, { maxLength: 4 }),
    );
    const directive = fc.tuple(
      fc.constantFrom(...pluginNames()),
      fc.array(value, { maxLength: 4 }),
      fc.array(property, { maxLength: 3 }),
    );
    let usable = 0;
    fc.assert(
      fc.property(directive, ([name, args, lines]) => {
        const quoted = (texts: readonly string[]) => texts.map((text) => JSON.stringify(text));
        const block = lines.map(([key, values]) => [key, ...quoted(values)].join(" ")).join("\n");
        const head = [name, ...quoted(args)].join(" ");
        if (isUsable(`. {\n${head}${block === "" ? "" : ` {\n${block}\n}`}\n}`)) usable++;
      }),
      { numRuns: 3_000 },
    );
    expect(usable).toBeGreaterThan(50);
  });
});
