import { property, assert, array, integer, nat, record, constantFrom } from "fast-check";
import { describe, expect, it } from "vitest";
import { findViolation, type Model, type Operation } from "./linearizability.ts";

/** A register: `w` writes, `r` has read; a write of nobody's knowledge has no return. */
type What = { readonly w: number } | { readonly r: number };

const register: Model<number, What> = {
  initial: 0,
  step: (state, what) => ("w" in what ? what.w : what.r === state ? state : undefined),
  fingerprint: String,
};

const NEVER = Number.POSITIVE_INFINITY;

function at(call: number, end: number, what: What): Operation<What> {
  return { call, return: end, what };
}

function isLinearizable(...history: Operation<What>[]): boolean {
  return findViolation(register, history) === undefined;
}

describe("a history that has an order", () => {
  it.each([
    ["nothing", []],
    ["one after the other", [at(0, 1, { w: 1 }), at(2, 3, { r: 1 })]],
    ["a read during a write sees it", [at(0, 9, { w: 1 }), at(2, 3, { r: 1 })]],
    ["a read during a write does not see it yet", [at(0, 9, { w: 1 }), at(2, 3, { r: 0 })]],
    [
      "writes at once, in the order the reads tell",
      [at(0, 9, { w: 1 }), at(0, 9, { w: 2 }), at(10, 11, { r: 1 })],
    ],
    ["an unanswered write that happened late", [at(0, NEVER, { w: 1 }), at(5, 6, { r: 1 })]],
    ["an unanswered write that never happened", [at(0, NEVER, { w: 1 }), at(5, 6, { r: 0 })]],
    [
      "an unanswered write that happened between two reads",
      [at(0, NEVER, { w: 1 }), at(1, 2, { r: 0 }), at(3, 4, { w: 2 }), at(5, 6, { r: 1 })],
    ],
  ])("%s", (_name, history) => {
    expect(isLinearizable(...history)).toBe(true);
  });
});

describe("a history that has none", () => {
  it.each([
    ["an acknowledged write is not seen", [at(0, 1, { w: 1 }), at(2, 3, { r: 0 })]],
    ["a value that nobody wrote", [at(0, 1, { w: 1 }), at(2, 3, { r: 7 })]],
    ["a value before it is written", [at(0, 1, { r: 1 }), at(2, 3, { w: 1 })]],
    [
      "a later read goes back",
      [at(0, 9, { w: 1 }), at(1, 2, { r: 1 }), at(3, 4, { r: 0 }), at(10, 11, { r: 1 })],
    ],
    [
      "two readers disagree on the order of two writes",
      [
        at(0, 1, { w: 1 }),
        at(0, 1, { w: 2 }),
        at(2, 3, { r: 1 }),
        at(4, 5, { r: 2 }),
        at(6, 7, { r: 1 }),
      ],
    ],
    [
      "an unanswered write happens twice",
      [
        at(0, NEVER, { w: 1 }),
        at(1, 2, { r: 1 }),
        at(3, 4, { w: 2 }),
        at(5, 6, { r: 2 }),
        at(7, 8, { r: 1 }),
      ],
    ],
  ])("%s", (_name, history) => {
    expect(isLinearizable(...history)).toBe(false);
  });

  it("tells how far an order goes, and what fits nowhere", () => {
    const history = [at(0, 1, { w: 1 }), at(2, 3, { r: 1 }), at(4, 5, { r: 3 })];
    const violation = findViolation(register, history);
    expect(violation?.explained).toEqual(history.slice(0, 2));
    expect(violation?.stuckAt).toEqual(history.slice(2));
  });
});

/** Operations in an order, each with a moment in which it takes effect. */
const schedules = array(
  record({
    write: constantFrom(true, false),
    before: nat(30),
    after: nat(30),
    lost: integer({ min: 0, max: 9 }),
  }),
  { minLength: 1, maxLength: 40 },
);

it("what really took effect one at a time is accepted, however long the calls lasted", () => {
  assert(
    property(schedules, (steps) => {
      expect(findViolation(register, perform(steps))).toBeUndefined();
    }),
  );
});

it("a read of what nobody wrote is refused, wherever it stands", () => {
  assert(
    property(schedules, nat(), (steps, where) => {
      const history = perform(steps);
      const place = history[where % history.length] as Operation<What>;
      const call = place.call;
      const end = Number.isFinite(place.return) ? place.return : call + 1;
      expect(isLinearizable(...history, at(call, end, { r: -1 }))).toBe(false);
    }),
  );
});

interface Step {
  readonly write: boolean;
  readonly before: number;
  readonly after: number;
  readonly lost: number;
}

function perform(steps: readonly Step[]): Operation<What>[] {
  let value = 0;
  return steps.map(({ write, before, after, lost }, index) => {
    const moment = index * 10;
    const answered = !write || lost > 0;
    if (write) value = index + 1;
    const end = answered ? moment + after + 1 : NEVER;
    return at(moment - before, end, write ? { w: value } : { r: value });
  });
}
