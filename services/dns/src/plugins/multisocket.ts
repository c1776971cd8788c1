import { availableParallelism } from "node:os";
import { onlyDirective, parseNumber, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";

const MAX_SOCKETS = 1_024;

/**
 * Several sockets for each address (SO_REUSEPORT), among which the kernel spreads queries; each
 * but the first is served by a thread of its own. By default as many as the machine has processors.
 */
export const multisocket: Plugin = {
  name: "multisocket",
  setup(directives, { workersServe }) {
    const directive = onlyDirective(directives);
    const range = { min: 0, max: 1, syntax: "multisocket [NUM_SOCKETS]" };
    const [text = String(availableParallelism())] = takeArguments(directive, range);
    refuseBlock(directive);
    const sockets = parseNumber(directive, text, { min: 1, max: MAX_SOCKETS });
    return { listener: { sockets }, ready: () => workersServe() };
  },
};
