import { onlyDirective, readProperties, takeArguments } from "../../corefile/directive.ts";
import type { Plugin } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import type { Evaluate } from "./expression.ts";
import { readExpression } from "./read-expression.ts";

/** Takes only a part of the queries for its zones; others go to the next block that serves them. */
export const view: Plugin = {
  name: "view",
  setup(directives, { logger }) {
    const directive = onlyDirective(directives);
    const [name = ""] = takeArguments(directive, { min: 1, max: 1, syntax: "view NAME" });
    const expressions: Evaluate[] = [];
    readProperties(directive, {
      expr(property) {
        expressions.push(readExpression(property, property.args));
      },
    });
    const holds = (query: Query): boolean => expressions.every((each) => each({ query }) === true);
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
