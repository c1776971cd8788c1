import { type Directive, invalidArgument, takeArguments } from "../../corefile/directive.ts";
import type { Query } from "../../query.ts";
import type { Evaluate, Names } from "../view/expression.ts";
import { FUNCTIONS, GROUP, type Value } from "../view/functions.ts";
import { readExpression } from "../view/read-expression.ts";

/** The `var` and `expr` lines of a template. */
export interface Conditions {
  /** The properties that are read. */
  readonly properties: Readonly<Record<"var" | "expr", (property: Directive) => void>>;
  /**
   * The variables for a query whose name matched with these groups; undefined when a condition
   * does not hold. Throws TypeError for values that do not fit.
   */
  evaluate(
    query: Query,
    groups: Readonly<Record<string, string>>,
  ): Readonly<Record<string, Value>> | undefined;
}

/** Words of the language that no variable may be called. */
const RESERVED = new Set([
  ...Object.keys(FUNCTIONS),
  ..."group any all none true false nil not and or in contains startsWith endsWith matches".split(
    " ",
  ),
]);

/** Creates conditions without any line. A variable is known to the lines after its own. */
export function createConditions(): Conditions {
  const variables = new Map<string, Evaluate>();
  const conditions: Evaluate[] = [];
  const names = (): Names => ({
    functions: { group: GROUP },
    variables: new Set(variables.keys()),
  });
  return {
    properties: {
      var(property) {
        takeArguments(property, { min: 2, max: 1_000, syntax: "var NAME EXPRESSION" });
        const [name, ...words] = property.args;
        const text = name?.text ?? "";
        if (!/^[A-Za-z_]\w*$/.test(text) || RESERVED.has(text)) {
          throw invalidArgument(property, text, "a name that is free");
        }
        variables.set(text, readExpression(property, words, names()));
      },
      expr(property) {
        conditions.push(readExpression(property, property.args, names()));
      },
    },
    evaluate(query, groups) {
      const values: Record<string, Value> = {};
      const scope = { query, groups, variables: values };
      for (const [name, evaluate] of variables) values[name] = evaluate(scope);
      return conditions.every((holds) => holds(scope) === true) ? values : undefined;
    },
  };
}
