import type { Style, TracedLookup } from "@kubehop/trace";
import type { NameExplanation } from "./explain-name.ts";
import { headLines, resultLine, stepLine } from "./format-dig.ts";

/** Writes why a look-up ended as it did, as lines for people. */
export function formatName(
  dig: TracedLookup,
  { steps, notes }: NameExplanation,
  style: Style,
): string {
  const lines = [
    ...headLines(dig, style),
    ...steps.flatMap(({ queries, reasons }) => [
      "",
      ...queries.map((query) => stepLine(query, { index: dig.queries.indexOf(query), style })),
      ...reasons.map((reason) => `     ${reason}`),
    ]),
    "",
    resultLine(dig, style),
    ...notes.map((note) => `${style.dim("note")}: ${note}`),
  ];
  return `${lines.join("\n")}\n`;
}
