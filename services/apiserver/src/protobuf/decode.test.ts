import fc from "fast-check";
import { StatusError } from "@kubehop/api";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { decodeProtobuf } from "./decode.ts";
import { MESSAGES, ROOTS } from "./messages.ts";
import { parseMessages, SCALARS } from "./table.ts";

const ACCEPTED = ["application/json"];

/** A field of wire type 2: text, bytes, or the parts of a message. */
function field(number: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

/** A field of wire type 0. */
function integer(number: number, value: number): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function body(apiVersion: string, kind: string, ...raw: readonly Buffer[]): Buffer {
  const typeMeta = field(1, field(1, apiVersion), field(2, kind));
  return Buffer.concat([
    Buffer.from("k8s\0"),
    typeMeta,
    field(2, ...raw),
    field(3, ""),
    field(4, ""),
  ]);
}

describe("a body", () => {
  test("is read by the numbers of its fields; Go's zeros are absent, those of pointers are not", () => {
    const metadata = field(
      1,
      field(1, "web"),
      field(2, ""),
      integer(7, 0),
      field(8),
      field(11, field(1, "app"), field(2, "web")),
      field(11, field(1, "__proto__")),
    );
    const spec = field(2, integer(1, 0), integer(5, 0), integer(6, 3), integer(7, 0));
    const decoded = decodeProtobuf(body("apps/v1", "Deployment", metadata, spec), ACCEPTED);
    expect(JSON.parse(JSON.stringify(decoded))).toEqual({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web", labels: JSON.parse('{"app":"web","__proto__":""}') },
      spec: { replicas: 0, revisionHistoryLimit: 3 },
    });
  });

  test("may hold what is no message in JSON", () => {
    const port = field(1, integer(3, 80), field(4, integer(1, 1), integer(2, 0), field(3, "http")));
    const other = field(1, integer(3, 443), field(4, integer(1, 0), integer(2, -1)));
    const service = decodeProtobuf(body("v1", "Service", field(2, port, other)), ACCEPTED);
    expect(service["spec"]).toEqual({
      ports: [
        { port: 80, targetPort: "http" },
        { port: 443, targetPort: -1 },
      ],
    });
    const secret = body("v1", "Secret", field(2, field(1, "key"), field(2, Buffer.from([0, 255]))));
    expect(decodeProtobuf(secret, ACCEPTED)["data"]).toEqual({ key: "AP8=" });
    const times = field(2, field(3, integer(1, 1), integer(2, 5_000)), field(4, integer(1, -1)));
    const lease = body("coordination.k8s.io/v1", "Lease", times);
    expect(decodeProtobuf(lease, ACCEPTED)["spec"]).toEqual({
      acquireTime: "1970-01-01T00:00:01.000005Z",
      renewTime: "1969-12-31T23:59:59.000000Z",
    });
  });

  test("may hold fields nobody knows", () => {
    const unknown = Buffer.concat([field(99, "x"), integer(98, 7)]);
    const fixed = Buffer.from([
      ((97 << 3) & 0x7f) | 0x80 | 1,
      (97 << 3) >> 7,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
    ]);
    const decoded = decodeProtobuf(body("v1", "ConfigMap", unknown, fixed), ACCEPTED);
    expect(decoded).toEqual({ apiVersion: "v1", kind: "ConfigMap" });
  });

  it.each<[string, Buffer]>([
    ["that is empty", Buffer.alloc(0)],
    ["that is JSON", Buffer.from("{}")],
    ["that ends too early", body("v1", "ConfigMap").subarray(0, -3)],
    [
      "with text that is not UTF-8",
      body("v1", "ConfigMap", field(1, field(1, Buffer.from([0xff])))),
    ],
    ["with a wrong wire type", body("v1", "ConfigMap", integer(1, 1))],
    ["with a number of more than 64 bits", body("v1", "ConfigMap", Buffer.alloc(11, 0xff))],
    ["with a group", body("v1", "ConfigMap", Buffer.from([0x0b]))],
    ["with a time nobody can write", body("v1", "ConfigMap", field(1, field(8, integer(1, 1e15))))],
    ["with a length of 2^60", body("v1", "ConfigMap", Buffer.from([0x0a]), varint(2 ** 60))],
  ])("%s is refused with 400", (_what, bytes) => {
    expect(() => decodeProtobuf(bytes, ACCEPTED)).toThrow(expect.objectContaining({ code: 400 }));
  });

  it.each([
    ["v1", "Node"],
    ["v2", "Pod"],
    ["v1", "ObjectMeta"],
    ["", ""],
  ])("of %s %s is refused with 415", (apiVersion, kind) => {
    const bytes = body(apiVersion, kind);
    expect(() => decodeProtobuf(bytes, ACCEPTED)).toThrow(expect.objectContaining({ code: 415 }));
  });

  it.each<[string, Buffer]>([
    ["items in a list", field(2, ...Array.from({ length: 20_001 }, () => field(1)))],
    ["fields", field(2, ...Array.from({ length: 100_001 }, () => integer(90, 1)))],
    ["spans of bytes", Buffer.concat(Array.from({ length: 100_001 }, () => field(2)))],
  ])("with too many %s is refused with 413", (_what, raw) => {
    const bytes = body("v1", "Service", raw);
    expect(() => decodeProtobuf(bytes, ACCEPTED)).toThrow(expect.objectContaining({ code: 413 }));
  });

  test("of any bytes is read or refused", () => {
    const kinds = fc.constantFrom(...ROOTS.keys());
    const raw = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 45 }), fc.uint8Array({ maxLength: 20 }))),
    );
    fc.assert(
      fc.property(kinds, raw, (kind, content) => {
        const parts =
          content instanceof Uint8Array
            ? [Buffer.from(content)]
            : content.map(([number, bytes]) => field(number, Buffer.from(bytes)));
        try {
          const [, apiVersion = "", name = ""] = /^(.*)\/(\w+)$/.exec(kind) ?? [];
          decodeProtobuf(body(apiVersion, name, ...parts), ACCEPTED);
        } catch (error) {
          expect(error).toBeInstanceOf(StatusError);
          expect((error as StatusError).code).toBe(400);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/**
 * Objects with random content in JSON, and the same as client-go 0.32 encodes them
 * (k8s.io/apimachinery's runtime/serializer/protobuf).
 */
const SAMPLES = readFileSync(join(import.meta.dirname, "testdata/objects.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { kind: string; body: string; object: object });

describe("what client-go encodes", () => {
  test.each(SAMPLES)("is read as it was: $kind", ({ body: base64, object }) => {
    const decoded = decodeProtobuf(Buffer.from(base64, "base64"), ACCEPTED);
    expect(withoutZeros(decoded)).toEqual(withoutZeros(object));
  });

  test("is there for each kind", () => {
    const kinds = SAMPLES.map(({ kind, body: base64 }) => {
      const decoded = decodeProtobuf(Buffer.from(base64, "base64"), ACCEPTED);
      return kind === "DeleteOptions" ? kind : `${decoded["apiVersion"] as string}/${kind}`;
    });
    expect(kinds.toSorted()).toEqual([...ROOTS.keys(), "DeleteOptions"].sort());
  });
});

/** Go's JSON, too, tells zeros of some fields; which ones differs from protobuf. */
function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutZeros);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, withoutZeros(one)] as const);
  return Object.fromEntries(entries.filter(([, one]) => !isZero(one)));
}

function isZero(value: unknown): boolean {
  if (typeof value === "object") return value === null || Object.keys(value).length === 0;
  return value === "" || value === 0 || value === false;
}

describe("the tables", () => {
  test("name only scalars and messages that exist, none of them twice or unused", () => {
    const used = new Set([...ROOTS.values(), "DeleteOptions"]);
    for (const [message, fields] of MESSAGES) {
      for (const { type } of fields.values()) {
        const known = SCALARS.has(type) || MESSAGES.has(type);
        expect([message, type, known]).toEqual([message, type, true]);
        if (!SCALARS.has(type)) used.add(type);
      }
    }
    expect([...MESSAGES.keys()].filter((name) => !used.has(name))).toEqual([]);
  });

  test.each([
    ["A: 1 a\nA: 1 a", "twice"],
    ["A: one a", "can't be read"],
    ["A: 1 a, 1 b", "number twice"],
  ])("%s is refused", (table, why) => {
    expect(() => parseMessages(table)).toThrow(why);
  });
});
