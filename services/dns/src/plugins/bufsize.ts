import { onlyDirective, parseNumber, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";

/** Fits into one packet on nearly every path (DNS flag day 2020). */
const DEFAULT_OCTETS = "1232";

/** Lowers the size that clients may take over UDP, so that answers are not cut into fragments. */
export const bufsize: Plugin = {
  name: "bufsize",
  setup(directives) {
    const directive = onlyDirective(directives);
    const range = { min: 0, max: 1, syntax: "bufsize [OCTETS]" };
    const [text = DEFAULT_OCTETS] = takeArguments(directive, range);
    refuseBlock(directive);
    return { listener: { bufferSize: parseNumber(directive, text, { min: 512, max: 4_096 }) } };
  },
};
