import type { Logger } from "@kubehop/kit";
import type { Debugging } from "./plugin.ts";

/** Creates the state of `debug`: from the first block with it to the last the log is at debug. */
export function createDebugging(logger: Logger): Debugging {
  let users = 0;
  let usual = logger.level;
  return {
    enter() {
      if (users++ > 0) return;
      usual = logger.level;
      logger.level = "debug";
    },
    leave() {
      if (--users === 0) logger.level = usual;
    },
    active: () => users > 0,
  };
}
