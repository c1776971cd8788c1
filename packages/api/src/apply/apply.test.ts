import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { Kinds } from "../kinds/index.ts";
import type { KubeObject } from "../meta/object-meta.ts";
import { StatusError } from "../status/status-error.ts";
import { applyConfiguration, type Applied } from "./apply.ts";
import { configurationErrors } from "./configuration-errors.ts";
import { NO_FIELDS, pathsOf } from "./field-set.ts";
import { fieldTypeOf } from "./field-type.ts";
import { readManagers } from "./managers.ts";
import { mergeValues } from "./merge.ts";
import { anyObject, sample, SAMPLE_SCHEMA } from "./testing/samples.ts";
import { managedFieldsAfterUpdate } from "./update.ts";

const RULES = { schema: SAMPLE_SCHEMA, ignored: NO_FIELDS };
const TYPE = fieldTypeOf(SAMPLE_SCHEMA);

interface ApplyOptions {
  readonly manager?: string;
  readonly force?: boolean;
  readonly time?: string;
}

function apply(live: KubeObject | undefined, config: KubeObject, options: ApplyOptions = {}) {
  const { manager = "applier", force = false, time = "2026-01-01T00:00:00Z" } = options;
  return stored(
    applyConfiguration(RULES, {
      live,
      config,
      manager: { name: manager, operation: "Apply", apiVersion: "v1" },
      force,
      time,
    }),
  );
}

/** The object as the server keeps it. */
function stored({ object, managedFields }: Applied): KubeObject {
  return { ...object, metadata: { ...object.metadata, managedFields } };
}

function update(live: KubeObject, next: KubeObject, name = "updater"): KubeObject {
  const managedFields = managedFieldsAfterUpdate(RULES, {
    live,
    next,
    manager: { name, operation: "Update", apiVersion: "v1" },
    time: "2026-01-02T00:00:00Z",
  });
  return { ...next, metadata: { ...next.metadata, managedFields } };
}

/** The paths each manager owns. */
function owners(object: KubeObject): Record<string, string[]> {
  const managers = readManagers(object.metadata.managedFields) ?? new Map();
  return Object.fromEntries(
    [...managers.values()].map(({ manager, fields }) => [manager.name, pathsOf(fields)]),
  );
}

function conflictsOf(run: () => unknown): { message: string; fields: (string | undefined)[] } {
  try {
    run();
  } catch (error) {
    const { status } = error as StatusError;
    expect(status).toMatchObject({ code: 409, reason: "Conflict" });
    const causes = status.details?.causes ?? [];
    return { message: status.message ?? "", fields: causes.map(({ field }) => field) };
  }
  return { message: "", fields: [] };
}

describe("apply", () => {
  it("owns what the configuration sets, and no more", () => {
    const object = apply(undefined, sample({ size: 1, ports: [{ port: 1, target: "x" }] }));
    expect(owners(object)).toEqual({
      applier: [
        '.spec.ports[port=1,protocol="TCP"]',
        '.spec.ports[port=1,protocol="TCP"].port',
        '.spec.ports[port=1,protocol="TCP"].target',
        ".spec.size",
      ],
    });
  });

  it("removes what its manager applied before and no longer wants", () => {
    const first = apply(
      undefined,
      sample({ size: 1, labels: { a: "x", b: "y" }, names: ["x", "y"] }),
    );
    const second = apply(first, sample({ labels: { b: "y" }, names: ["y"] }));
    expect(second["spec"]).toEqual({ labels: { b: "y" }, names: ["y"] });
  });

  it("leaves alone what somebody else owns as well", () => {
    const first = apply(undefined, sample({ size: 1, labels: { a: "x" } }));
    const shared = apply(first, sample({ labels: { a: "x" } }), { manager: "other" });
    expect(owners(shared)["other"]).toEqual([".spec.labels.a"]);
    const second = apply(shared, sample({ labels: {} }));
    expect(second["spec"]).toEqual({ labels: { a: "x" } });
  });

  it("does not take fields of others, unless forced", () => {
    const live = apply(undefined, sample({ size: 1, labels: { a: "x" } }));
    const config = sample({ size: 2, labels: { a: "y" } });
    expect(conflictsOf(() => apply(live, config, { manager: "other" }))).toEqual({
      message:
        'Apply failed with 2 conflicts: conflicts with "applier":\n- .spec.labels.a\n- .spec.size',
      fields: [".spec.labels.a", ".spec.size"],
    });
    const forced = apply(live, config, { manager: "other", force: true });
    expect(owners(forced)).toEqual({ other: [".spec.labels.a", ".spec.size"] });
  });

  it("names the version of a manager that updates", () => {
    const live = apply(undefined, sample({ size: 1 }));
    const scaled = update(live, sample({ size: 2 }, live.metadata), "scaler");
    expect(owners(scaled)).toEqual({ scaler: [".spec.size"] });
    expect(conflictsOf(() => apply(scaled, sample({ size: 1 }))).message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" using v1: .spec.size',
    );
    expect(owners(apply(scaled, sample({ size: 2 })))).toEqual({
      applier: [".spec.size"],
      scaler: [".spec.size"],
    });
  });

  it("treats what is atomic as one field", () => {
    const live = apply(undefined, sample({ selector: { a: "x" }, args: ["x"] }));
    const other = { manager: "other" };
    expect(conflictsOf(() => apply(live, sample({ selector: { b: "x" } }), other)).fields).toEqual([
      ".spec.selector",
    ]);
    expect(conflictsOf(() => apply(live, sample({ args: ["x", "y"] }), other)).fields).toEqual([
      ".spec.args",
    ]);
  });

  it("gives an object that nobody has tracked an owner first", () => {
    const object = apply(sample({ size: 1 }), sample({ labels: { a: "x" } }));
    expect(owners(object)).toEqual({
      applier: [".spec.labels.a"],
      "before-first-apply": [".spec.size"],
    });
  });

  it("keeps items of lists where they are", () => {
    const port = (number: number, target?: string) => ({ port: number, ...(target && { target }) });
    const live = apply(undefined, sample({ ports: [port(1), port(2), port(3)] }));
    const merged = apply(live, sample({ ports: [port(3, "x"), port(4), port(2)] }), {
      manager: "other",
    });
    expect(merged["spec"]).toEqual({ ports: [port(1), port(3, "x"), port(4), port(2)] });
  });

  it("of the version it names is checked by the caller", () => {
    const live = apply(undefined, sample({ size: 1 }));
    const config = sample({ size: 1 }, { resourceVersion: "7" });
    expect(apply(live, config).metadata.resourceVersion).toBe("7");
  });
});

describe("kubectl", () => {
  const annotations = (config: KubeObject) => ({
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify(config) },
  });

  it("takes over what its client-side apply has set, and keeps the annotation up to date", () => {
    const config = sample({ size: 1 });
    const next = sample({ size: 1 }, annotations(config));
    const live = update(sample({}), { ...next, metadata: { ...next.metadata } });
    const tracked = apply(live, sample({}), { manager: "nobody" });
    const wanted = sample({ size: 2 });
    expect(conflictsOf(() => apply(tracked, wanted, { manager: "other" })).fields).toHaveLength(1);
    const object = apply(tracked, wanted, { manager: "kubectl" });
    expect(object["spec"]).toEqual({ size: 2 });
    const [text = ""] = Object.values(object.metadata.annotations ?? {});
    expect(JSON.parse(text)).toEqual(wanted);
  });

  it("does not take over what somebody has changed since", () => {
    const live = sample({ size: 3 }, annotations(sample({ size: 1 })));
    const wanted = sample({ size: 2 });
    expect(conflictsOf(() => apply(live, wanted, { manager: "kubectl" })).fields).toEqual([
      ".spec.size",
    ]);
  });
});

describe("properties of apply", () => {
  const twice = { numRuns: 500 };

  test("a merge is idempotent", () => {
    fc.assert(
      fc.property(anyObject, anyObject, (live, config) => {
        const merged = mergeValues(TYPE, live, config);
        expect(mergeValues(TYPE, merged, config)).toEqual(merged);
      }),
      twice,
    );
  });

  test("applying again changes nothing, not even the time", () => {
    fc.assert(
      fc.property(anyObject, anyObject, anyObject, (first, other, config) => {
        const live = apply(apply(undefined, first), other, { manager: "other", force: true });
        const once = apply(live, config, { force: true });
        expect(apply(once, config, { time: "2027-01-01T00:00:00Z" })).toEqual(once);
      }),
      twice,
    );
  });

  test("what is applied is there", () => {
    fc.assert(
      fc.property(anyObject, anyObject, (first, config) => {
        const object = apply(apply(undefined, first), config, { manager: "other", force: true });
        const again = mergeValues(TYPE, object, config) as KubeObject;
        expect(withoutManagers(again)).toEqual(withoutManagers(object));
      }),
      twice,
    );
  });

  test("an applier that wants nothing any more leaves what others own", () => {
    fc.assert(
      fc.property(anyObject, anyObject, (mine, other) => {
        const both = apply(apply(undefined, other, { manager: "other" }), mine, { force: true });
        const { spec: _nothing, ...empty } = sample({});
        const left = apply(both, empty);
        expect(Object.keys(owners(left)).filter((name) => name !== "other")).toEqual([]);
        expect(owners(left)["other"]).toEqual(owners(both)["other"]);
      }),
      twice,
    );
  });

  test("an apply without force takes nothing from anybody", () => {
    fc.assert(
      fc.property(anyObject, anyObject, (first, config) => {
        const live = apply(undefined, first);
        try {
          const object = apply(live, config, { manager: "other" });
          expect(owners(object)["applier"]).toEqual(owners(live)["applier"]);
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
        }
      }),
      twice,
    );
  });

  test("an update owns what it changes, alone", () => {
    fc.assert(
      fc.property(anyObject, anyObject, (first, next) => {
        const live = apply(undefined, first);
        const object = update(live, { ...next, metadata: live.metadata });
        const { applier = [], updater = [] } = owners(object);
        expect(applier.filter((path) => updater.includes(path))).toEqual([]);
        expect(apply(object, sample({}), { manager: "third" })["spec"]).toEqual(next["spec"]);
      }),
      twice,
    );
  });
});

function withoutManagers({ metadata, ...rest }: KubeObject): object {
  const { managedFields: _fields, ...others } = metadata;
  return { ...rest, metadata: others };
}

describe("a configuration that can't be applied", () => {
  const service = (spec: object) =>
    configurationErrors(fieldTypeOf(Kinds.Service.schema), { spec });

  it.each<[string, object, string[]]>([
    ["with an unknown field", { selectr: {} }, [".spec.selectr: field not declared in schema"]],
    [
      "with an item that comes twice",
      { ports: [{ port: 80 }, { port: 80, protocol: "TCP" }] },
      ['.spec.ports: duplicate entries for key [port=80,protocol="TCP"]'],
    ],
    [
      "with an item without its key",
      { ports: [{ name: "a" }] },
      [
        '.spec.ports: element 0: associative list with keys has an element that omits key field "port" (and doesn\'t have default value)',
      ],
    ],
    ["with a list that is none", { ports: {} }, [".spec.ports: expected list, got map"]],
    ["with a map that is none", { selector: ["a"] }, [".spec.selector: expected map, got list"]],
    ["with a scalar that is none", { type: {} }, [".spec.type: expected scalar, got map"]],
    ["with nothing wrong", { ports: [{ port: 80, protocol: "UDP" }, { port: 80 }] }, []],
  ])("%s", (_what, spec, errors) => {
    expect(service(spec)).toEqual(errors);
  });
});
