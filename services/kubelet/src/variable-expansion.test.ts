import { expect, it } from "vitest";
import { expandVariables } from "./variable-expansion.ts";

// From upstream's expand_test.go.
it.each([
  ["$(A)", "a"],
  ["___$(B)___", "___b___"],
  ["$(A)$(B)", "ab"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$a"],
  ["$(MISSING)", "$(MISSING)"],
  ["$$$$$$(A)", "$$$(A)"],
  ["$A", "$A"],
  ["$(A", "$(A"],
  ["$", "$"],
  ["$(toString)", "$(toString)"],
])("%s becomes %s", (text, expanded) => {
  expect(expandVariables(text, { A: "a", B: "b" })).toBe(expanded);
});
