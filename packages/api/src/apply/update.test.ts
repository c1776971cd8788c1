import { describe, expect, it } from "vitest";
import { Kinds } from "../kinds/index.ts";
import type { KubeObject, ManagedFieldsEntry } from "../meta/object-meta.ts";
import { fieldSetOf, NO_FIELDS } from "./field-set.ts";
import { capManagers, readManagers, writeManagers } from "./managers.ts";
import { sample, SAMPLE_SCHEMA } from "./testing/samples.ts";
import { managedFieldsAfterUpdate } from "./update.ts";

const TIME = "2026-01-01T00:00:00Z";

interface Options {
  readonly live?: KubeObject;
  readonly schema?: typeof SAMPLE_SCHEMA;
  readonly subresource?: string;
  readonly ignored?: string[][];
}

function after(next: KubeObject, options: Options = {}): ManagedFieldsEntry[] {
  const { live, schema = SAMPLE_SCHEMA, subresource, ignored = [] } = options;
  const rules = { schema, ignored: fieldSetOf(...ignored) };
  const apiVersion = next.apiVersion;
  const manager = { name: "m", operation: "Update" as const, apiVersion };
  return managedFieldsAfterUpdate(rules, {
    live,
    next,
    manager: { ...manager, ...(subresource !== undefined && { subresource }) },
    time: TIME,
  });
}

const entry = (manager: string, fieldsV1: object): ManagedFieldsEntry => ({
  manager,
  operation: "Update",
  apiVersion: "v1",
  time: TIME,
  fieldsType: "FieldsV1",
  fieldsV1: fieldsV1 as Record<string, unknown>,
});

describe("managedFields", () => {
  it("of a new Deployment are those of upstream", () => {
    const labels = { app: "web" };
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", namespace: "default", uid: "1", labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        strategy: { type: "Recreate" },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              { name: "nginx", image: "nginx", ports: [{ containerPort: 80 }], resources: {} },
            ],
            securityContext: {},
          },
        },
      },
    };
    const [only, ...others] = after(deployment, { schema: Kinds.Deployment.schema });
    expect(others).toEqual([]);
    expect(only?.fieldsV1).toEqual({
      "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
      "f:spec": {
        "f:replicas": {},
        "f:selector": {},
        "f:strategy": { "f:type": {} },
        "f:template": {
          "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
          "f:spec": {
            "f:containers": {
              ".": {},
              'k:{"name":"nginx"}': {
                ".": {},
                "f:image": {},
                "f:name": {},
                "f:ports": {
                  ".": {},
                  'k:{"containerPort":80,"protocol":"TCP"}': { ".": {}, "f:containerPort": {} },
                },
                "f:resources": {},
              },
            },
            "f:securityContext": {},
          },
        },
      },
    });
  });

  it("move to whoever changes a field; removed fields have no owner", () => {
    const first = entry("first", { "f:spec": { "f:size": {}, "f:labels": { "f:a": {} } } });
    const live = sample({ size: 1, labels: { a: "x" } }, { managedFields: [first] });
    expect(after(sample({ size: 2, labels: {} }), { live })).toEqual([
      entry("m", { "f:spec": { "f:size": {} } }),
    ]);
  });

  it("keep their time when nothing changes", () => {
    const mine = { ...entry("m", { "f:spec": { "f:size": {} } }), time: "2020-01-01T00:00:00Z" };
    const live = sample({ size: 1 }, { managedFields: [mine] });
    expect(after(sample({ size: 1 }), { live })).toEqual([mine]);
  });

  it("can be reset, and stay away until somebody applies", () => {
    const live = sample({ size: 1 }, { managedFields: [entry("m", { "f:spec": {} })] });
    expect(after(sample({ size: 2 }, { managedFields: [{}] }), { live })).toEqual([]);
    expect(after(sample({ size: 2 }), { live: sample({ size: 1 }) })).toEqual([]);
  });

  it("can be rewritten, but not through a subresource nor with nonsense", () => {
    const old = entry("old", { "f:spec": { "f:size": {} } });
    const sent = entry("sent", { "f:spec": { "f:size": {} } });
    const live = sample({ size: 1 }, { managedFields: [old] });
    expect(after(sample({ size: 1 }, { managedFields: [sent] }), { live })).toEqual([sent]);
    const next = sample({ size: 1 }, { managedFields: [sent] });
    expect(after(next, { live, subresource: "status" })).toEqual([old]);
    const nonsense = { ...sent, operation: "Steal" };
    expect(after(sample({ size: 1 }, { managedFields: [nonsense] }), { live })).toEqual([old]);
  });

  it("leave out what this way of writing can't change", () => {
    expect(after(sample({ size: 1 }), { ignored: [["f:spec"]] })).toEqual([]);
  });

  it("of many updaters end in one entry; appliers stay", () => {
    const names = Array.from({ length: 14 }, (_, index) => `m${index}`);
    const entries = names.map((name, index) => ({
      ...entry(name, { "f:spec": { [`f:${name}`]: {} } }),
      time: `2026-01-01T00:00:${10 + index}Z`,
    }));
    const applier = { ...entry("a", { "f:spec": { "f:a": {} } }), operation: "Apply" };
    const managers = readManagers([...entries, applier]) ?? new Map();
    const capped = writeManagers(capManagers(managers));
    expect(capped.map(({ manager }) => manager)).toEqual([
      "a",
      "ancient-changes",
      ...names.slice(5),
    ]);
    const ancient = capped[1]?.fieldsV1 ?? {};
    expect(Object.keys(ancient["f:spec"] as object)).toHaveLength(5);
    const again = writeManagers(capManagers(readManagers(capped) ?? new Map()));
    expect(again).toEqual(capped);
  });

  it("never get empty entries", () => {
    expect(writeManagers(readManagers([entry("m", {})]) ?? new Map())).toEqual([]);
    expect(NO_FIELDS.members.size).toBe(0);
  });
});
