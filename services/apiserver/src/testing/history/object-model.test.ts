import { describe, expect, it } from "vitest";
import { findViolation, type Operation } from "./linearizability.ts";
import {
  type Fields,
  type ObjectOperation,
  objectModel,
  type Outcome,
  type Refusal,
  type Request,
} from "./object-model.ts";

const LOST: Outcome = { type: "unknown" };

function shown(revision: number, fields: Fields, uid = "u"): Outcome {
  return { type: "ok", view: { uid, revision, fields } };
}

function refused(why: Refusal): Outcome {
  return { type: "refused", why };
}

const GET: Request = { type: "get" };
const DELETE: Request = { type: "delete" };

function create(fields: Fields): Request {
  return { type: "create", fields };
}

function set(fields: Fields, creates = false): Request {
  return { type: "set", fields, creates };
}

function replace(fields: Fields, expected: number, creates = false): Request {
  return { type: "replace", part: ["*"], fields, expected, creates };
}

/** One after the other; those without an answer stay open. */
function sequence(...steps: readonly (readonly [Request, Outcome])[]): boolean {
  const history = steps.map(([request, outcome], index): Operation<ObjectOperation> => {
    const end = outcome.type === "unknown" ? Number.POSITIVE_INFINITY : index * 2 + 1;
    return { call: index * 2, return: end, what: { request, outcome } };
  });
  return findViolation(objectModel, history) === undefined;
}

const MADE = [create({ a: "1" }), shown(5, { a: "1" })] as const;

describe("an object lives as it should when", () => {
  it.each([
    ["made, changed, read, deleted", [MADE, [set({ b: "2" }), shown(6, { a: "1", b: "2" })]]],
    ["replaced in the version it has", [MADE, [replace({ c: "3" }, 5), shown(7, { c: "3" })]]],
    ["not replaced in another", [MADE, [replace({ c: "3" }, 4), refused("conflict")]]],
    ["made twice: the second time refused", [MADE, [create({}), refused("exists")]]],
    [
      "nothing is there",
      [
        [GET, refused("absent")],
        [DELETE, refused("absent")],
      ],
    ],
    [
      "deleted and made anew",
      [MADE, [DELETE, { type: "ok" }], [create({ z: "9" }), shown(9, { z: "9" }, "v")]],
    ],
    ["changed into what it is: no new version", [MADE, [set({ a: "1" }), shown(5, { a: "1" })]]],
    ["made by a PUT that may", [[replace({ a: "1" }, 4, true), shown(6, { a: "1" })]]],
    ["made by an apply", [[set({ a: "1" }, true), shown(3, { a: "1" })]]],
    [
      "an unanswered write shows later",
      [MADE, [set({ a: "2" }), LOST], [GET, shown(5, { a: "1" })], [GET, shown(8, { a: "2" })]],
    ],
    [
      "swapped and appended to",
      [
        MADE,
        [{ type: "swap", field: "a", from: "1", to: "2" }, shown(6, { a: "2" })],
        [{ type: "swap", field: "a", from: "1", to: "3" }, refused("mismatch")],
        [{ type: "append", field: "a", item: "3" }, shown(7, { a: "2,3" })],
      ],
    ],
  ] as const)("%s", (_name, steps) => {
    expect(sequence(...steps)).toBe(true);
  });
});

describe("a defect shows when", () => {
  it.each([
    [
      "an acknowledged write is lost",
      [MADE, [set({ b: "2" }), shown(6, { a: "1", b: "2" })], [GET, shown(5, { a: "1" })]],
    ],
    [
      "two replace the same version",
      [
        MADE,
        [replace({ b: "2" }, 5), shown(6, { b: "2" })],
        [replace({ c: "3" }, 5), shown(7, { c: "3" })],
      ],
    ],
    [
      "a conflict is told where there is none",
      [MADE, [replace({ b: "2" }, 5), refused("conflict")]],
    ],
    ["it is missing though nobody deleted it", [MADE, [GET, refused("absent")]]],
    [
      "it is there though it was deleted",
      [MADE, [DELETE, { type: "ok" }], [GET, shown(5, { a: "1" })]],
    ],
    ["a version goes back", [MADE, [set({ a: "2" }), shown(4, { a: "2" })]]],
    ["a version grows without a write", [MADE, [GET, shown(6, { a: "1" })]]],
    ["its uid changes", [MADE, [GET, shown(5, { a: "1" }, "other")]]],
    [
      "an append happens twice",
      [MADE, [{ type: "append", field: "a", item: "2" }, shown(7, { a: "1,2,2" })]],
    ],
    [
      "a change is told as lost that did happen",
      [MADE, [replace({ a: "2" }, 5), refused("conflict")], [GET, shown(6, { a: "2" })]],
    ],
    [
      "a change that is none hides one that was",
      [MADE, [set({ a: "2" }), shown(6, { a: "2" })], [set({ a: "1" }), shown(5, { a: "1" })]],
    ],
  ] as const)("%s", (_name, steps) => {
    expect(sequence(...steps)).toBe(false);
  });
});

it("a partial answer is compared by what it shows", () => {
  const view = { uid: "u", revision: 5, fields: { a: "1" }, partial: true };
  const made = [create({ a: "1", b: "2" }), shown(5, { a: "1", b: "2" })] as const;
  expect(sequence(made, [GET, { type: "ok", view }])).toBe(true);
  const wrong = { ...view, fields: { a: "2" } };
  expect(sequence(made, [GET, { type: "ok", view: wrong }])).toBe(false);
});
