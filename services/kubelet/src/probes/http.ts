import { isIPv6 } from "node:net";
import { Agent, request } from "undici";
import type { ProbeResult } from "./probe-result.ts";

/** One HTTP GET of a probe or a lifecycle hook. */
export interface HttpTarget {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Most of an answer that is read (pkg/probe/http maxRespBodyLength). */
const MAX_BODY_BYTES = 10 * 1024;

/** One connection a try, no certificate checks: a probe asks whether the program answers. */
const agent = new Agent({ pipelining: 0, connect: { rejectUnauthorized: false } });

/**
 * Success is a status from 200 to 399; redirects are not followed (upstream follows those to the
 * same host; either way the verdict is success). Never rejects.
 */
export async function probeHttp(target: HttpTarget, signal: AbortSignal): Promise<ProbeResult> {
  const host = isIPv6(target.host) ? `[${target.host}]` : target.host;
  const path = target.path.startsWith("/") ? target.path : `/${target.path}`;
  const url = `${target.scheme}://${host}:${target.port}${path}`;
  const headers = { "user-agent": "kube-probe/1.32", accept: "*/*", ...lowerCase(target.headers) };
  try {
    const answer = await request(url, { headers, signal, dispatcher: agent, reset: true });
    await answer.body.dump({ limit: MAX_BODY_BYTES, signal });
    const success = answer.statusCode >= 200 && answer.statusCode < 400;
    return success
      ? { success, message: `${answer.statusCode}` }
      : { success, message: `HTTP probe failed with statuscode: ${answer.statusCode}` };
  } catch (error) {
    return { success: false, message: `Get "${url}": ${describe(error, target, signal)}` };
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(entries) as Record<string, string>;
}

function describe(error: unknown, target: HttpTarget, signal: AbortSignal): string {
  if (signal.aborted) return "context deadline exceeded (Client.Timeout exceeded)";
  const { code, message } = error as NodeJS.ErrnoException;
  const address = `dial tcp ${target.host}:${target.port}: connect:`;
  return code === "ECONNREFUSED" ? `${address} connection refused` : message;
}
