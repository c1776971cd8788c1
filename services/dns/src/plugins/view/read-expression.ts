import { CorefileError } from "../../corefile/corefile-error.ts";
import { type Directive, takeArguments } from "../../corefile/directive.ts";
import { compileExpression, type Evaluate, type Names } from "./expression.ts";

/** Compiles words of a property as one expression. Throws CorefileError at the property's place. */
export function readExpression(
  property: Directive,
  words: Directive["args"],
  names: Names = {},
): Evaluate {
  takeArguments(property, { min: 1, max: 1_000, syntax: `${property.name} … EXPRESSION` });
  const text = words.map((token) => token.text).join(" ");
  try {
    return compileExpression(text, names);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorefileError(property.position, `${property.name} "${text}": ${reason}`);
  }
}
