import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Kinds } from "../kinds/index.ts";
import { list, object, text, type SchemaOf } from "../schema.ts";
import { applyStrategicMergePatch } from "./strategic-merge.ts";

type Json = Record<string, unknown>;

interface Item {
  name: string;
  value?: string;
  others?: string[];
}

interface Sample {
  name?: string;
  simpleMap?: Item;
  mergingList?: Item[];
  replacingList?: Item[];
  mergingSet?: string[];
  plainList?: string[];
}

const item: SchemaOf<Item> = object<Item>("Item", "", {
  name: text(""),
  value: text(""),
  others: list(text(""), "", { patchStrategy: "merge" }),
});
/** The shape upstream's own patch tests use. */
const schema: SchemaOf<Sample> = object<Sample>("Sample", "", {
  name: text(""),
  simpleMap: item,
  mergingList: list(item, "", { mergeKey: "name", patchStrategy: "merge" }),
  replacingList: list(item, ""),
  mergingSet: list(text(""), "", { patchStrategy: "merge" }),
  plainList: list(text(""), ""),
});

const apply = (original: Json, patch: Json): Json => {
  const before = structuredClone(original);
  const result = applyStrategicMergePatch(original, patch, schema);
  expect(original).toEqual(before);
  return result;
};
const names = (result: Json): unknown[] =>
  (result["mergingList"] as Item[]).map(({ name }) => name);
const items = (...all: string[]): Item[] => all.map((name) => ({ name }));

describe("objects", () => {
  test.each<[string, Json, Json, Json]>([
    [
      "add a field",
      { name: "1" },
      { simpleMap: { name: "a" } },
      { name: "1", simpleMap: { name: "a" } },
    ],
    ["null removes", { name: "1", simpleMap: { name: "a" } }, { simpleMap: null }, { name: "1" }],
    ["null of nothing", { name: "1" }, { simpleMap: null }, { name: "1" }],
    [
      "merge deeply",
      { simpleMap: { name: "a", value: "1" } },
      { simpleMap: { value: "2" } },
      { simpleMap: { name: "a", value: "2" } },
    ],
    [
      "$patch replace",
      { simpleMap: { name: "a", value: "1" } },
      { simpleMap: { $patch: "replace", value: "2" } },
      { simpleMap: { value: "2" } },
    ],
    [
      "$patch delete",
      { simpleMap: { name: "a" } },
      { simpleMap: { $patch: "delete" } },
      { simpleMap: {} },
    ],
    [
      "$patch merge",
      { simpleMap: { name: "a" } },
      { simpleMap: { $patch: "merge", value: "2" } },
      { simpleMap: { name: "a", value: "2" } },
    ],
    [
      "$retainKeys",
      { simpleMap: { name: "a", value: "1" } },
      { simpleMap: { $retainKeys: ["name"], name: "b" } },
      { simpleMap: { name: "b" } },
    ],
    [
      "$retainKeys with null",
      { simpleMap: { name: "a", value: "1" } },
      { simpleMap: { $retainKeys: ["name"], value: null } },
      { simpleMap: { name: "a" } },
    ],
    [
      "nulls in new content are no data",
      {},
      { simpleMap: { name: "a", value: null } },
      { simpleMap: { name: "a" } },
    ],
    [
      "another type replaces",
      { simpleMap: "x" },
      { simpleMap: { name: "a" } },
      { simpleMap: { name: "a" } },
    ],
  ])("%s", (_name, original, patch, expected) => expect(apply(original, patch)).toEqual(expected));
});

describe("lists without merge strategy", () => {
  test.each<[string, Json, Json, Json]>([
    ["are replaced", { plainList: ["a"] }, { plainList: ["b"] }, { plainList: ["b"] }],
    [
      "of objects are replaced",
      { replacingList: items("a") },
      { replacingList: items("b") },
      { replacingList: items("b") },
    ],
    ["can be emptied", { plainList: ["a"] }, { plainList: [] }, { plainList: [] }],
  ])("%s", (_name, original, patch, expected) => expect(apply(original, patch)).toEqual(expected));
});

describe("sets", () => {
  test.each<[string, Json, Json, unknown]>([
    ["union", { mergingSet: ["a", "b"] }, { mergingSet: ["c"] }, ["c", "a", "b"]],
    ["no duplicates", { mergingSet: ["a", "b"] }, { mergingSet: ["b"] }, ["a", "b"]],
    [
      "delete",
      { mergingSet: ["a", "b", "c"] },
      { "$deleteFromPrimitiveList/mergingSet": ["b"] },
      ["a", "c"],
    ],
    [
      "delete, add and order",
      { mergingSet: ["1", "2", "3"] },
      {
        "$setElementOrder/mergingSet": ["4", "3", "1"],
        "$deleteFromPrimitiveList/mergingSet": ["2"],
        mergingSet: ["4"],
      },
      ["4", "3", "1"],
    ],
    [
      "order alone",
      { mergingSet: ["1", "2", "3"] },
      { "$setElementOrder/mergingSet": ["3", "2", "1"] },
      ["3", "2", "1"],
    ],
  ])("%s", (_name, original, patch, expected) =>
    expect(apply(original, patch)["mergingSet"]).toEqual(expected),
  );

  test("deleting from nothing leaves nothing", () => {
    expect(apply({}, { "$deleteFromPrimitiveList/mergingSet": ["b"] })).toEqual({});
  });
});

describe("lists merged by key", () => {
  const original = { mergingList: [{ name: "1", value: "x" }, { name: "2" }, { name: "3" }] };

  test("an item merges with its namesake", () => {
    const result = apply(original, { mergingList: [{ name: "2", value: "y" }] });
    expect(result["mergingList"]).toEqual([
      { name: "1", value: "x" },
      { name: "2", value: "y" },
      { name: "3" },
    ]);
  });

  test("inner lists merge by their own rules", () => {
    const before = { mergingList: [{ name: "1", others: ["a"] }] };
    const result = apply(before, { mergingList: [{ name: "1", others: ["b"] }] });
    expect(result["mergingList"]).toEqual([{ name: "1", others: ["b", "a"] }]);
  });

  test.each<[string, Json, string[]]>([
    [
      "new items come before what follows (as upstream)",
      { mergingList: items("4") },
      ["4", "1", "2", "3"],
    ],
    ["$patch delete", { mergingList: [{ name: "2", $patch: "delete" }] }, ["1", "3"]],
    [
      "$patch delete of nothing",
      { mergingList: [{ name: "9", $patch: "delete" }] },
      ["1", "2", "3"],
    ],
    [
      "delete and add",
      { mergingList: [{ name: "2", $patch: "delete" }, { name: "4" }] },
      ["4", "1", "3"],
    ],
    ["$patch replace", { mergingList: [{ $patch: "replace" }, { name: "9" }] }, ["9"]],
    [
      "$setElementOrder alone",
      { "$setElementOrder/mergingList": items("3", "1", "2") },
      ["3", "1", "2"],
    ],
    [
      "$setElementOrder places new items",
      { "$setElementOrder/mergingList": items("1", "4", "2", "3"), mergingList: items("4") },
      ["1", "4", "2", "3"],
    ],
    [
      "items the order does not name keep their place",
      { "$setElementOrder/mergingList": items("3", "4"), mergingList: items("4") },
      ["1", "2", "3", "4"],
    ],
  ])("%s", (_name, patch, expected) => expect(names(apply(original, patch))).toEqual(expected));

  test("old items without the key keep their place", () => {
    // imagePullSecrets may hold {}: its key is not required.
    const before = { mergingList: [{ value: "none" }, { name: "1" }, { name: "2" }] };
    const patch = { "$setElementOrder/mergingList": items("2", "1") };
    expect(apply(before, patch)["mergingList"]).toEqual([
      { value: "none" },
      { name: "2" },
      { name: "1" },
    ]);
  });

  test("directives never become data", () => {
    const patch = {
      mergingList: [{ name: "7", $patch: "merge", others: ["a"], $retainKeys: ["name", "others"] }],
    };
    expect(apply({}, patch)).toEqual({ mergingList: [{ name: "7", others: ["a"] }] });
  });
});

describe("errors are 400", () => {
  test.each<[string, Json, string]>([
    ["unknown directive", { simpleMap: { $patch: "destroy" } }, "invalid value for $patch"],
    [
      "no merge key",
      { mergingList: [{ value: "x" }] },
      "does not contain declared merge key: name",
    ],
    ["null merge key", { mergingList: [{ name: null }] }, "does not contain declared merge key"],
    ["scalars among objects", { mergingList: ["x"] }, "the list merges by key"],
    ["order is no list", { "$setElementOrder/mergingSet": "x" }, "expected a list"],
    [
      "item not in order",
      { "$setElementOrder/mergingSet": ["b"], mergingSet: ["a"] },
      "$setElementOrder",
    ],
    [
      "retainKeys forgets a field",
      { simpleMap: { $retainKeys: ["name"], value: "x" } },
      "$retainKeys",
    ],
  ])("%s", (_name, patch, message) => {
    expect(() => apply({ mergingList: items("1"), simpleMap: {} }, patch)).toThrow(
      expect.objectContaining({
        code: 400,
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});

describe("real kinds read their merge keys from the schema", () => {
  const patchOf = (kind: keyof typeof Kinds, original: Json, patch: Json): Json =>
    applyStrategicMergePatch(original, patch, Kinds[kind].schema);

  test("Service ports merge by port", () => {
    const ports = [
      { port: 80, name: "http" },
      { port: 443, name: "https" },
    ];
    const result = patchOf(
      "Service",
      { spec: { ports } },
      { spec: { ports: [{ port: 443, targetPort: 8443 }] } },
    );
    expect(result).toEqual({
      spec: { ports: [ports[0], { port: 443, name: "https", targetPort: 8443 }] },
    });
  });

  test("containers, env and ports merge each by their own key", () => {
    const container = {
      name: "app",
      image: "a:1",
      env: [{ name: "A", value: "1" }],
      ports: [{ containerPort: 80 }],
    };
    const change = {
      name: "app",
      image: "a:2",
      env: [{ name: "A", value: "2" }],
      ports: [{ containerPort: 80, name: "http" }],
    };
    const template = (one: unknown): Json => ({
      spec: { template: { spec: { containers: [one] } } },
    });
    expect(patchOf("Deployment", template(container), template(change))).toEqual(template(change));
  });

  test("strategy keeps only what $retainKeys names", () => {
    const original = {
      spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
    };
    const patch = { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } };
    expect(patchOf("Deployment", original, patch)).toEqual({
      spec: { strategy: { type: "Recreate" } },
    });
  });

  test("conditions merge by type, finalizers are a set, args are replaced", () => {
    const original = {
      metadata: { finalizers: ["a"] },
      status: {
        conditions: [
          { type: "Ready", status: "False" },
          { type: "X", status: "True" },
        ],
      },
      spec: { containers: [{ name: "c", args: ["1"] }] },
    };
    const patch = {
      metadata: { finalizers: ["b"] },
      status: { conditions: [{ type: "Ready", status: "True" }] },
      spec: { containers: [{ name: "c", args: ["2"] }] },
    };
    expect(patchOf("Pod", original, patch)).toEqual({
      metadata: { finalizers: ["b", "a"] },
      status: {
        conditions: [
          { type: "Ready", status: "True" },
          { type: "X", status: "True" },
        ],
      },
      spec: { containers: [{ name: "c", args: ["2"] }] },
    });
  });

  test("EndpointSlice endpoints are replaced as a whole", () => {
    const result = patchOf(
      "EndpointSlice",
      { endpoints: [{ addresses: ["a"] }] },
      { endpoints: [] },
    );
    expect(result).toEqual({ endpoints: [] });
  });
});

describe("properties", () => {
  const name = fc.constantFrom<string[]>("a", "b", "c", "d", "e");
  const keyed = fc.uniqueArray(fc.record({ name, value: fc.constantFrom("1", "2") }), {
    selector: (one) => one.name,
  });

  test("applying a patch twice is applying it once", () => {
    fc.assert(
      fc.property(keyed, keyed, (mergingList, change) => {
        const patch = { mergingList: change };
        const once = applyStrategicMergePatch({ mergingList }, patch, schema);
        expect(applyStrategicMergePatch(once, patch, schema)).toEqual(once);
      }),
    );
  });

  test("nothing is lost, nothing doubled, the patch wins", () => {
    fc.assert(
      fc.property(keyed, keyed, (mergingList, change) => {
        const result = apply({ mergingList }, { mergingList: change })["mergingList"] as Item[];
        const expected = new Map([...mergingList, ...change].map((one) => [one.name, one]));
        expect(result).toHaveLength(expected.size);
        for (const one of result) expect(one).toEqual(expected.get(one.name));
      }),
    );
  });

  test("a complete $setElementOrder decides the order", () => {
    fc.assert(
      fc.property(
        keyed,
        fc.shuffledSubarray(["a", "b", "c", "d", "e"], { minLength: 5 }),
        (mergingList, order) => {
          const patch = { "$setElementOrder/mergingList": items(...order) };
          const present = new Set(mergingList.map((one) => one.name));
          expect(names(apply({ mergingList }, patch))).toEqual(
            order.filter((one) => present.has(one)),
          );
        },
      ),
    );
  });
});
