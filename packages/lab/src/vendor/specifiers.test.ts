import { expect, it } from "vitest";
import { importedSpecifiers } from "./specifiers.ts";

it("finds what a file loads, and no types", () => {
  const source = `import "reflect-metadata";
import type { A } from "only-types";
import { type B, c } from "typebox/value";
import {
  d,
} from '@nats-io/kv';
export { e } from "./e.ts";
export type { F } from "only-types-too";
const text = "import { x } from 'no-import'";
`;
  expect(importedSpecifiers(source)).toEqual([
    "reflect-metadata",
    "typebox/value",
    "@nats-io/kv",
    "./e.ts",
  ]);
});
