import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";

/** Logs at level debug, and lets a defect of a plugin end the process instead of hiding it. */
export const debug: Plugin = {
  name: "debug",
  setup(directives, { debugging }) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "debug" });
    refuseBlock(directive);
    let entered = false;
    return {
      async start() {
        entered = true;
        debugging.enter();
      },
      async stop() {
        if (entered) debugging.leave();
      },
    };
  },
};
