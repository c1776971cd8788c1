import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeObject,
  kindOf,
  labelSelectorMatches,
  selectorFromLabelSelector,
} from "@kubehop/api";
import type { KubeObject } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { ROOT } from "./sources.ts";

interface Manifest {
  /** File, and for a README the number of the block. */
  readonly where: string;
  readonly text: string;
}

const MANIFESTS = [...exampleFiles(), ...documentBlocks()];

describe("manifests in examples and documents", () => {
  test("there are some", () => {
    expect(MANIFESTS.length).toBeGreaterThanOrEqual(6);
  });

  test.each(MANIFESTS)("$where has only kinds and fields that exist", ({ text }) => {
    const objects = parse(text);
    expect(objects.length).toBeGreaterThan(0);
    for (const object of objects) expect(unknownFields(object)).toEqual([]);
  });

  test.each(MANIFESTS)("$where: selectors select the pods of its own templates", ({ text }) => {
    const templates = parse(text).flatMap(podLabels);
    for (const selector of parse(text).flatMap(selectors)) {
      expect(templates.some((labels) => labelSelectorMatches(selector, labels))).toBe(true);
    }
  });
});

function exampleFiles(): Manifest[] {
  return globSync("examples/**/*.yaml", { cwd: ROOT })
    .sort()
    .map((where) => ({ where, text: readFileSync(join(ROOT, where), "utf8") }));
}

/** The ```yaml blocks of every document that are Kubernetes objects. */
function documentBlocks(): Manifest[] {
  const files = globSync("{*.md,docs/**/*.md,examples/**/*.md,{packages,services}/*/README.md}", {
    cwd: ROOT,
  });
  return files.sort().flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return [...text.matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)]
      .map(([, block = ""], index) => ({ where: `${file} block ${index + 1}`, text: block }))
      .filter((block) => /^apiVersion:/m.test(block.text));
  });
}

function parse(text: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    expect(document.errors).toEqual([]);
    const value = document.toJS() as KubeObject | null;
    return value === null ? [] : [value];
  });
}

function unknownFields(object: KubeObject): readonly string[] {
  const kind = kindOf(object.apiVersion, object.kind);
  if (!kind) return [`${object.apiVersion} ${object.kind} is not a kind`];
  return decodeObject(kind, object).unknown;
}

interface Template {
  metadata?: { labels?: Record<string, string> };
}

function podLabels(object: KubeObject): Record<string, string>[] {
  const template = (object["spec"] as { template?: Template } | undefined)?.template;
  return template?.metadata?.labels ? [template.metadata.labels] : [];
}

function selectors(object: KubeObject) {
  const selector = (object["spec"] as { selector?: unknown } | undefined)?.selector;
  if (selector === undefined) return [];
  const asLabelSelector = object.kind === "Service" ? { matchLabels: selector } : selector;
  return [selectorFromLabelSelector(asLabelSelector as { matchLabels: Record<string, string> })];
}
