import { stringify } from "yaml";
import type { Choice } from "./choice.ts";
import { mutate } from "./schema-values.ts";

/** A body with the type it claims to be of. */
export interface Body {
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly encoding?: string;
}

const JSON_TYPE = "application/json";
const YAML_TYPE = "application/yaml";
const PROTOBUF = "application/vnd.kubernetes.protobuf";
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

const STRANGE_TYPES = [
  "",
  "text/plain",
  "application/xml",
  "application/json; charset=utf-16",
  "application/json;;;",
  "multipart/form-data; boundary=x",
  "application/vnd.kubernetes.protobuf;type=watch",
  "application/cbor",
  "a/b/c",
];

/** An object as a body: well encoded mostly, and else in one of many wrong ways. */
export function bodyOf(object: unknown, choice: Choice): Body {
  const value = choice.chance(0.5) ? object : mutate(object, choice);
  const draw = choice.below(20);
  if (draw < 13) return json(value);
  if (draw < 15) return { contentType: YAML_TYPE, bytes: Buffer.from(stringify(value)) };
  if (draw === 15) return { ...json(value), contentType: choice.of(STRANGE_TYPES) };
  if (draw === 16) return protobufOf(choice);
  return broken(Buffer.from(JSON.stringify(value) ?? ""), choice);
}

function json(value: unknown): Body {
  return { contentType: JSON_TYPE, bytes: Buffer.from(JSON.stringify(value) ?? "") };
}

function protobufOf(choice: Choice): Body {
  const noise = Buffer.from(Array.from({ length: choice.below(200) }, () => choice.below(256)));
  const type = Buffer.from([0x0a, 0x0b, 0x0a, 0x02, 0x76, 0x31, 0x12, 0x05]);
  const head = Buffer.concat([MAGIC, type, Buffer.from("Event"), Buffer.from([0x12])]);
  const bytes = choice.of([
    noise,
    Buffer.concat([MAGIC, noise]),
    Buffer.concat([head, noise]),
    Buffer.concat([head, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), noise]),
    MAGIC,
  ]);
  return { contentType: PROTOBUF, bytes };
}

/** Aliases of aliases: small as text, large as a value. */
const BOMB = ["a: &a [x,x,x,x,x,x,x,x,x]"]
  .concat(
    Array.from("bcdefghi", (name, index) => {
      const before = "abcdefghi"[index] ?? "a";
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`;
    }),
  )
  .join("\n");

function broken(bytes: Buffer, choice: Choice): Body {
  const text = (contentType: string, content: string | Buffer): Body => ({
    contentType,
    bytes: Buffer.from(content),
  });
  return choice.of<() => Body>([
    () => text(JSON_TYPE, ""),
    () => text(JSON_TYPE, bytes.subarray(0, choice.below(bytes.length + 1))),
    () => text(JSON_TYPE, Buffer.concat([Buffer.from("\ufeff"), bytes])),
    () => text(JSON_TYPE, Buffer.from(bytes.toString(), "utf16le")),
    () => text(JSON_TYPE, Buffer.concat([bytes, Buffer.from([0xff, 0xfe, 0xc0])])),
    () => text(JSON_TYPE, bytes.toString().replaceAll(/\d+/g, "1e999")),
    () => text(JSON_TYPE, bytes.toString().replaceAll(/"/g, "'")),
    () => text(JSON_TYPE, `${"[".repeat(5_000)}${"]".repeat(5_000)}`),
    () => text(JSON_TYPE, `[${Array(30_000).fill("0").join(",")}]`),
    () => text(JSON_TYPE, `{"kind":"A","kind":"B","a":${"9".repeat(5_000)}}`),
    () => text(JSON_TYPE, "null"),
    () => text(JSON_TYPE, '"text"'),
    () => text(YAML_TYPE, BOMB),
    () => text(YAML_TYPE, "a: !!js/function 'x'\n? [b]\n: - - - c"),
    () => text(YAML_TYPE, "%YAML 9.9\n---\na\n---\nb\n..."),
    () => text(YAML_TYPE, "\t- a: [\u0000"),
    () => ({ ...text(JSON_TYPE, bytes), encoding: "gzip" }),
    () => ({ ...text(JSON_TYPE, bytes), encoding: "x-strange" }),
  ])();
}

/** One of the four kinds of patches of an object, good and bad. */
export function patchOf(object: unknown, choice: Choice): Body {
  const part = choice.chance(0.5) ? object : mutate(object, choice);
  const body = (type: string, value: unknown): Body => ({
    contentType: `application/${type}`,
    bytes: Buffer.from(JSON.stringify(value) ?? ""),
  });
  const patch = choice.of<() => Body>([
    () => body("json-patch+json", jsonPatchOf(part, choice)),
    () => body("merge-patch+json", part),
    () => body("strategic-merge-patch+json", directed(part, choice)),
    () => body("apply-patch+yaml", object),
    () => ({ contentType: "application/apply-patch+yaml", bytes: Buffer.from(stringify(part)) }),
    () => ({ ...broken(Buffer.from("{}"), choice), contentType: "application/merge-patch+json" }),
    () => body("no-patch+json", part),
  ])();
  return patch;
}

const POINTERS = [
  "",
  "/",
  "/metadata",
  "/metadata/name",
  "/metadata/labels/a",
  "/metadata/managedFields",
  "/metadata/finalizers/-",
  "/spec",
  "/spec/ports/0/port",
  "/spec/ports/99999999999",
  "/spec/ports/-1",
  "/spec/template/spec/containers/-",
  "/data/a~1b~0c",
  "/data/~2",
  "/__proto__/polluted",
  "/constructor/prototype/polluted",
  "no-slash",
  "/kind",
  "/status/conditions",
];

function jsonPatchOf(value: unknown, choice: Choice): unknown {
  const operations = ["add", "remove", "replace", "move", "copy", "test", "explode", 7, null];
  const one = (): unknown => ({
    op: choice.of(operations),
    path: choice.chance(0.95) ? choice.of(POINTERS) : 5,
    ...(choice.chance(0.5) && { from: choice.of(POINTERS) }),
    ...(choice.chance(0.8) && { value }),
  });
  const patch = Array.from({ length: choice.below(4) }, one);
  return choice.chance(0.9) ? patch : choice.of<unknown>([one(), null, "x", [null], [[]]]);
}

function directed(value: unknown, choice: Choice): unknown {
  if (typeof value !== "object" || value === null) return value;
  const [name, directive] = choice.of<readonly [string, unknown]>([
    ["$patch", "delete"],
    ["$patch", "nonsense"],
    ["$patch", 5],
    ["$retainKeys", ["a", 1, null]],
    ["$setElementOrder/containers", [{ name: "a" }, null, 3]],
    ["$setElementOrder/ports", "x"],
    ["$deleteFromPrimitiveList/finalizers", ["a", {}]],
    ["$deleteFromPrimitiveList/none", 3],
  ]);
  const inner = choice.chance(0.5) ? { [name]: directive } : {};
  return { ...value, [name]: directive, spec: { ...(value as any).spec, ...inner } }; // oxlint-disable-line typescript/no-explicit-any
}
