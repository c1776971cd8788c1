import { CorefileError } from "../../corefile/corefile-error.ts";
import {
  type Directive,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import type { Plugin } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import { compileExpression, type Evaluate } from "./expression.ts";

/** Takes only a part of the queries for its zones; others go to the next block that serves them. */
export const view: Plugin = {
  name: "view",
  setup(directives, { logger }) {
    const directive = onlyDirective(directives);
    const [name = ""] = takeArguments(directive, { min: 1, max: 1, syntax: "view NAME" });
    const expressions: Evaluate[] = [];
    readProperties(directive, {
      expr(property) {
        expressions.push(readExpression(property));
      },
    });
    const holds = (query: Query): boolean => expressions.every((each) => each(query) === true);
    return {
      metadata: (_query, label) => (label === "view/name" ? name : undefined),
      filter(query) {
        try {
          return holds(query);
        } catch (error) {
          // An expression that fails does not hold (CoreDNS).
          logger.debug({ plugin: "view", view: name, err: error }, "an expression failed");
          return false;
        }
      },
    };
  },
};

/** The words of `expr` are one expression. */
function readExpression(property: Directive): Evaluate {
  takeArguments(property, { min: 1, max: 1_000, syntax: "expr EXPRESSION" });
  const text = property.args.map((token) => token.text).join(" ");
  try {
    return compileExpression(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorefileError(property.position, `expr "${text}": ${reason}`);
  }
}
