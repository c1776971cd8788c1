import { execFile } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { ROOT } from "./sources.ts";

const SERVICES = ["apiserver", "controller-manager", "dns", "kube-proxy", "kubelet"];
const HELP_TIMEOUT_MS = 60_000;

describe.each(SERVICES)("services/%s/README.md", (service) => {
  test(
    "lists exactly the flags the service has",
    async () => {
      const documented = rowNames(section(readme(service), /flags/i));
      expect(documented.toSorted()).toEqual((await flagsOf(service)).toSorted());
    },
    HELP_TIMEOUT_MS,
  );

  test("lists the metrics the service has, and no others", () => {
    const documented = codes(section(readme(service), /metrics/i)).filter((name) =>
      METRIC_NAME.test(name),
    );
    const { names, patterns } = declaredMetrics(service);
    expect(names.filter((name) => !documented.includes(name))).toEqual([]);
    const unknown = documented.filter((name) => !patterns.some((pattern) => pattern.test(name)));
    expect(unknown).toEqual([]);
  });

  test("says which ports it listens on and what happens when something fails", () => {
    const headings = [...readme(service).matchAll(/^##+ (.*)$/gm)].map(([, text]) => text ?? "");
    expect(headings.filter((text) => /port/i.test(text))).not.toEqual([]);
    expect(headings.filter((text) => /fail|wrong|down/i.test(text))).not.toEqual([]);
  });
});

function readme(service: string): string {
  const path = join(ROOT, "services", service, "README.md");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Every flag in the first cells of a section's tables. */
function rowNames(text: string): string[] {
  const cells = [...text.matchAll(/^\|([^|]*)\|/gm)].map(([, cell]) => cell ?? "");
  return cells.flatMap(codes).map((code) => code.replace(/[ =].*/, ""));
}

function codes(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");
}

/** The text below the headings that match, up to the next heading of that level. */
function section(text: string, heading: RegExp): string {
  return text
    .split(/^## /m)
    .slice(1)
    .filter((part) => heading.test(part.split("\n")[0] ?? ""))
    .join("\n");
}

/** What `--help` lists: the flags of the schema. */
async function flagsOf(service: string): Promise<string[]> {
  const main = join(ROOT, "services", service, "src/main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [main, "--help"], {
    timeout: HELP_TIMEOUT_MS,
  });
  return [...stdout.matchAll(/^ {2}(--[a-z0-9.-]+)/gm)].map(([, flag]) => flag ?? "");
}

/**
 * The metrics that a service's metrics.ts files declare: names written out, and patterns for all,
 * because some names are put together from parts.
 */
function declaredMetrics(service: string): { names: string[]; patterns: RegExp[] } {
  const files = globSync(`services/${service}/src/**/metrics.ts`, { cwd: ROOT });
  const text = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  const declared = /(?:\bname:|\b(?:gauge|counter|plain|histogram)\()\s*["`]([^"`]+)["`]/g;
  const found = [...text.matchAll(declared)].map(([, name]) => name ?? "");
  const names = found.filter((name) => METRIC_NAME.test(name));
  return { names, patterns: found.map(toPattern) };
}

/** A whole name: it starts with the part of the cluster it is of. */
const METRIC_NAME =
  /^(kubehop|kubeproxy|kubelet|coredns|apiserver|kubernetes|workqueue|rest_client|prober)_[a-z0-9_]+$/;

/** `coredns_cache_${name}` → /^coredns_cache_.+$/; a part alone stands for any name with it. */
function toPattern(name: string): RegExp {
  const anything = name.replaceAll(/\$\{[^}]*\}/g, ".+");
  return new RegExp(METRIC_NAME.test(name) ? `^${name}$` : anything);
}
