import { isIP } from "node:net";
import {
  invalidArgument,
  onlyDirective,
  refuseBlock,
  takeArguments,
} from "../corefile/directive.ts";
import type { Plugin } from "../plugin.ts";

/** The addresses to listen on, instead of all of the machine's. */
export const bind: Plugin = {
  name: "bind",
  setup(directives) {
    const directive = onlyDirective(directives);
    refuseBlock(directive);
    const hosts = takeArguments(directive, { min: 1, max: 100, syntax: "bind ADDRESS…" });
    for (const host of hosts) {
      if (isIP(host) === 0) throw invalidArgument(directive, host, "an IP address");
    }
    return { hosts };
  },
};
