import { setTimeout as delay } from "node:timers/promises";
import { PluginError } from "../chain.ts";
import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import { parseDurationArgument } from "../corefile/duration.ts";
import type { Plugin } from "../plugin.ts";
import type { Reply } from "../reply.ts";

const NAME = "cancel";
/** A little more than most clients wait. */
const DEFAULT_TIMEOUT = "5001ms";

/** Gives a query up when the plugins behind it take too long. */
export const cancel: Plugin = {
  name: NAME,
  setup(directives) {
    const directive = onlyDirective(directives);
    const range = { min: 0, max: 1, syntax: "cancel [TIMEOUT]" };
    const [text = DEFAULT_TIMEOUT] = takeArguments(directive, range);
    refuseBlock(directive);
    const timeoutMs = parseDurationArgument(directive, text);
    return {
      allowsReuse: true,
      link: (next) => (query) => {
        const reply = next(query);
        return reply instanceof Promise ? withDeadline(reply, timeoutMs) : reply;
      },
    };
  },
};

async function withDeadline(reply: Promise<Reply>, timeoutMs: number): Promise<Reply> {
  const timer = new AbortController();
  const { signal } = timer;
  const expired = delay(timeoutMs, undefined, { signal }).then(() => {
    throw new PluginError(NAME, "context deadline exceeded");
  });
  // Aborted when the reply came first.
  expired.catch(() => undefined);
  try {
    return await Promise.race([reply, expired]);
  } finally {
    timer.abort();
  }
}
