import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";

/**
 * The folder that relative paths of the block's other plugins start from. The block is built with
 * it before any plugin is set up; here it is only checked.
 */
export const root: Plugin = {
  name: "root",
  setup(directives) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 1, max: 1, syntax: "root PATH" });
    refuseBlock(directive);
    return {};
  },
};
