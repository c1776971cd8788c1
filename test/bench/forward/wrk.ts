import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { LoadRequest, LoadResult } from "./programs.ts";

/** wrk takes whole seconds. */
const SECONDS = "1s";

/** Runs wrk, one thread, against a web server; for "new-connection" the server closes each time. */
export async function runWrk(
  program: string,
  { kind, ip, port, connections }: LoadRequest,
): Promise<LoadResult> {
  const close = kind === "new-connection" ? ["-H", "Connection: close"] : [];
  const args = ["-t1", `-c${connections}`, `-d${SECONDS}`, ...close, `http://${ip}:${port}/`];
  const { stdout } = await promisify(execFile)(program, args);
  const [, count = "0"] = /(\d+) requests in/.exec(stdout) ?? [];
  const [, perSecond = "0"] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? [];
  const errors = [.../(?:connect|timeout) (\d+)/g[Symbol.matchAll](stdout)];
  return {
    perSecond: Number(perSecond),
    gbitPerSecond: 0,
    p50Us: 0,
    p99Us: 0,
    errors: errors.reduce((sum, [, number]) => sum + Number(number), 0),
    count: Number(count),
  };
}
