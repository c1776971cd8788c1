import {
  invalidArgument,
  onlyDirective,
  refuseBlock,
  takeArguments,
} from "../corefile/directive.ts";
import { parseDurationArgument } from "../corefile/duration.ts";
import type { Plugin } from "../plugin.ts";

const DEFAULT_INTERVAL_MS = 30_000;
const MIN_INTERVAL_MS = 2_000;
const DEFAULT_JITTER_MS = 15_000;
const MIN_JITTER_MS = 1_000;

/** Looks every INTERVAL ± JITTER whether the Corefile changed, and takes it over if it did. */
export const reload: Plugin = {
  name: "reload",
  setup(directives, { checkCorefile, random }) {
    const directive = onlyDirective(directives);
    const range = { min: 0, max: 2, syntax: "reload [INTERVAL] [JITTER]" };
    const [interval, jitter] = takeArguments(directive, range);
    refuseBlock(directive);
    const intervalMs =
      interval === undefined ? DEFAULT_INTERVAL_MS : parseDurationArgument(directive, interval);
    if (intervalMs < MIN_INTERVAL_MS)
      throw invalidArgument(directive, interval ?? "", "at least 2s");
    const asked =
      jitter === undefined
        ? Math.min(DEFAULT_JITTER_MS, intervalMs / 2)
        : parseDurationArgument(directive, jitter);
    if (jitter !== undefined && asked !== 0 && asked < MIN_JITTER_MS) {
      throw invalidArgument(directive, jitter, "0 or at least 1s");
    }
    const jitterMs = Math.min(asked, intervalMs / 2);
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const schedule = (): void => {
      const pauseMs = intervalMs + (random() * 2 - 1) * jitterMs;
      timer = setTimeout(() => void checkCorefile().finally(next), pauseMs);
    };
    const next = (): void => {
      if (!stopped) schedule();
    };
    return {
      listening: schedule,
      async stop() {
        stopped = true;
        clearTimeout(timer);
      },
    };
  },
};
