import type { DataPlaneOptions } from "../../dataplane.ts";
import { createNowAndThen } from "../now-and-then.ts";

/** Gives what to call for each failure to accept at a frontend: it warns now and then. */
export function createAcceptWarning(
  frontend: string,
  { clock, logger }: Pick<DataPlaneOptions, "clock" | "logger">,
): (err: Error) => void {
  const isTime = createNowAndThen(clock);
  return (err) => {
    if (isTime()) logger.warn({ frontend, err }, "accepting pauses: raise the limit of open files");
  };
}
