import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLogger, createMetrics, systemClock } from "@kubehop/kit";
import { describe, expect, it } from "vitest";
import { createClusterView } from "./cluster/cluster-view.ts";
import { pluginNames } from "./block.ts";
import { buildInstance } from "./instance.ts";
import { createDnsMetrics } from "./metrics.ts";
import type { ProcessContext } from "./plugin.ts";
import { createMemorySource } from "./testing/memory-source.ts";
import { parseText } from "./testing/parse-text.ts";

const README = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
const EXAMPLES = [...README.matchAll(/```corefile\n(.*?)```/gs)].map(([, text]) => text ?? "");

function context(): ProcessContext {
  const source = createMemorySource();
  const ignore = () => undefined;
  return {
    logger: createLogger({ name: "test", level: "silent" }),
    metrics: createDnsMetrics(createMetrics(), "test"),
    clock: systemClock,
    random: Math.random,
    folder: "/etc/coredns",
    cluster: () =>
      createClusterView({ source, clock: systemClock, onApplied: ignore, onProgrammed: ignore }),
    localAddresses: () => [],
    checkCorefile: async () => undefined,
    warnUsers: ignore,
    workersServe: () => true,
    exposition: async () => "",
    debugging: { enter: ignore, leave: ignore, active: () => false },
    abort: ignore,
  };
}

function build(text: string) {
  const options = { context: context(), defaultPort: 53, defaultHosts: ["0.0.0.0"] };
  return buildInstance(parseText(text), options);
}

describe("the README", () => {
  it.each(EXAMPLES.map((text) => [text]))("has an example that can be used:\n%s", (text) => {
    expect(build(text).addresses.length).toBeGreaterThan(0);
  });

  it("has a section for each plugin, in their order", () => {
    const sections = [...README.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(pluginNames());
  });
});

describe("buildInstance", () => {
  it("serves each zone of a block on its port, and blocks of one port together", () => {
    const instance = build("a b:1053 {\n whoami\n}\nc {\n bind 127.0.0.1\n whoami\n}\nd {\n}");
    const served = instance.addresses.map(({ host, port, table }) => [
      host,
      port,
      table.server,
      table.blocks.map(({ zone }) => zone),
    ]);
    expect(served).toEqual([
      ["0.0.0.0", 53, "dns://:53", ["a.", "d."]],
      ["0.0.0.0", 1053, "dns://:1053", ["b."]],
      ["127.0.0.1", 53, "dns://127.0.0.1:53", ["c."]],
    ]);
  });

  it("is not ready before it listens, whatever its plugins say", async () => {
    const { endpoints, listening } = build("a {\n ready\n whoami\n}");
    const ready = () => endpoints.find(({ path }) => path === "/ready")?.answer();
    expect(await ready()).toEqual({ status: 503, body: "sockets" });
    listening([]);
    expect(await ready()).toEqual({ status: 200, body: "OK" });
  });

  it("lists the plugins of blocks with prometheus", () => {
    expect(build("a {\n whoami\n prometheus\n}\nb {\n whoami\n}").enabled).toEqual([
      { server: "dns://:53", zone: "a.", view: "", name: "prometheus" },
      { server: "dns://:53", zone: "a.", view: "", name: "whoami" },
    ]);
  });

  it("sends DS queries to the parent's block", () => {
    const [address] = build("example {\n whoami\n}\nsub.example {\n whoami\n}").addresses;
    const zoneFor = (name: string, type: string) =>
      address?.table.find(name, type, () => true)?.zone;
    expect(zoneFor("sub.example.", "A")).toBe("sub.example.");
    expect(zoneFor("sub.example.", "DS")).toBe("example.");
    expect(zoneFor("example.", "DS")).toBe("example.");
    expect(zoneFor("other.", "A")).toBeUndefined();
  });
});
