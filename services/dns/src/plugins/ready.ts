import {
  invalidArgument,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import { parseListen } from "../corefile/listen-argument.ts";
import type { Plugin } from "../plugin.ts";

const DEFAULT_LISTEN = ":8181";

/**
 * GET /ready answers 200 once every plugin that can say so is ready and queries are taken, else 503
 * with the names of what is not.
 */
export const ready: Plugin = {
  name: "ready",
  setup(directives, context) {
    const directive = onlyDirective(directives);
    const [address] = takeArguments(directive, { min: 0, max: 1, syntax: "ready [ADDRESS]" });
    let continuously = false;
    readProperties(directive, {
      monitor(property) {
        const range = { min: 1, max: 1, syntax: "monitor until-ready|continuously" };
        const [mode = ""] = takeArguments(property, range);
        if (mode !== "until-ready" && mode !== "continuously") {
          throw invalidArgument(property, mode, "until-ready or continuously");
        }
        continuously = mode === "continuously";
      },
    });
    const listen = parseListen(directive, address, DEFAULT_LISTEN);
    const answer = () => {
      const waiting = context.notReady({ again: continuously });
      if (waiting.length === 0) return { status: 200, body: "OK" };
      return { status: 503, body: waiting.join(",") };
    };
    // Closed before lameduck, so that probes fail while queries are still answered (CoreDNS).
    return { endpoints: [{ listen, path: "/ready", closedInLameduck: true, answer }] };
  },
};
