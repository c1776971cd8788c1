import {
  forbiddenField,
  invalidValue,
  isConfigMapKey,
  Kinds,
  tooLong,
  type ConfigMap,
  type StatusCause,
} from "@kubehop/api";
import { isDeepStrictEqual } from "node:util";
import { createStrategy, type Strategy } from "./strategy.ts";

/** Most bytes of data in a ConfigMap or Secret. */
export const DATA_LIMIT: number = 1024 * 1024;

const IMMUTABLE = "field is immutable when `immutable` is set";

type Data = Readonly<Record<string, string>> | undefined;

/** ConfigMap: keys are file names, 1 MiB in all, may be made immutable for good. */
export const configMapStrategy: Strategy<ConfigMap> = createStrategy(Kinds.ConfigMap, {
  validate: ({ data = {}, binaryData = {} }) => [
    ...keyCauses("data", data),
    ...Object.keys(data)
      .filter((key) => Object.hasOwn(binaryData, key))
      .map((key) => invalidValue(`data[${key}]`, key, "duplicate of key present in binaryData")),
    ...keyCauses("binaryData", binaryData),
    ...base64Causes("binaryData", binaryData),
    ...(byteLength(data) + decodedLength(binaryData) > DATA_LIMIT ? [tooLong("", DATA_LIMIT)] : []),
  ],
  validateUpdate: (next, old) => immutableCauses(next, old, ["data", "binaryData"]),
});

/** Each key of the data must be a file name. */
export function keyCauses(field: string, data: Data): StatusCause[] {
  return Object.keys(data ?? {}).flatMap((key) =>
    isConfigMapKey(key).map((why) => invalidValue(`${field}[${key}]`, key, why)),
  );
}

/** Each value must be base64. */
export function base64Causes(field: string, data: Data): StatusCause[] {
  return Object.entries(data ?? {})
    .filter(([, value]) => !isBase64(value))
    .map(([key]) => invalidValue(`${field}[${key}]`, key, "must be base64 encoded"));
}

/** Once `immutable` is true, neither it nor the data can change. */
export function immutableCauses<T extends { immutable?: boolean }>(
  next: T,
  old: T,
  fields: readonly (keyof T & string)[],
): StatusCause[] {
  if (old.immutable !== true) return [];
  const changed = fields.filter((field) => !isDeepStrictEqual(next[field] ?? {}, old[field] ?? {}));
  return [
    ...(next.immutable === true ? [] : [forbiddenField("immutable", IMMUTABLE)]),
    ...changed.map((field) => forbiddenField(field, IMMUTABLE)),
  ];
}

/** Bytes behind base64 values. */
export function decodedLength(data: Data): number {
  return Object.values(data ?? {}).reduce(
    (sum, value) => sum + Math.floor((value.replace(/=+$/, "").length * 3) / 4),
    0,
  );
}

function byteLength(data: Data): number {
  return Object.values(data ?? {}).reduce((sum, value) => sum + Buffer.byteLength(value), 0);
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
