import { randomUUID } from "node:crypto";
import { waitFor } from "@kubehop/testkit";
import type { TestLab } from "./test-lab.ts";
import { SAMPLE_APP } from "./paths.ts";

const DETACHED_LOAD_MS = 60_000;

/** The pod the tests send from. */
export const CLIENT = "deploy/client";

/** A role of the sample app as a command for `exec`; pods see the host's files. */
export function sampleApp(...args: readonly string[]): string[] {
  return [process.execPath, SAMPLE_APP, ...args];
}

/** Runs a command in the client pod and gives its output. Throws with both outputs if it fails. */
export async function run(lab: TestLab, command: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await lab.exec(CLIENT, [...command]);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}

/** What `load` prints. */
export interface LoadSummary {
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  readonly pods: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly failures: readonly { readonly time: number; readonly error: string }[];
  readonly latencyMs: { readonly p50: number; readonly p90: number; readonly p99: number };
}

/** Sends load from the client pod; failures are in the summary, not thrown. */
export async function runLoad(lab: TestLab, args: readonly string[]): Promise<LoadSummary> {
  const { stdout, stderr, code } = await lab.exec(CLIENT, sampleApp("load", ...args));
  if (!stdout.startsWith("{")) throw new Error(`load ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as LoadSummary;
}

/**
 * Starts load in the client pod that needs no connection to the API server; the returned function
 * waits for its summary, at most a minute.
 */
export async function startDetachedLoad(
  lab: TestLab,
  args: readonly string[],
): Promise<() => Promise<LoadSummary>> {
  const file = `/tmp/load-${randomUUID()}.json`;
  const words = sampleApp("load", "--requests", "1000000", ...args).map((word) => `'${word}'`);
  await run(lab, ["sh", "-c", `nohup ${words.join(" ")} >${file} 2>/dev/null </dev/null &`]);
  return async () => {
    const text = await waitFor(
      async () => (await lab.exec(CLIENT, ["cat", file])).stdout || undefined,
      { timeoutMs: DETACHED_LOAD_MS, describe: `the summary of a load in ${file}` },
    );
    await run(lab, ["rm", file]);
    return JSON.parse(text) as LoadSummary;
  };
}

/** What `fetch --json` prints, as far as the tests look at it. */
export interface FetchReport {
  readonly queries: readonly {
    readonly name: string;
    readonly type: string;
    readonly rcode?: string;
    readonly answers: readonly string[];
    readonly ttl?: number;
    readonly server: { readonly ip: string; readonly port: number };
    readonly local: { readonly ip: string; readonly port: number };
  }[];
  readonly connection?: {
    readonly local: { readonly ip: string; readonly port: number };
    readonly remote: { readonly ip: string; readonly port: number };
  };
  readonly response?: { readonly status: number; readonly body: string };
  readonly error?: { readonly step: string; readonly reason: string; readonly message: string };
}

/** Requests a URL from the client pod, with every step on record; a failure is in the report. */
export async function fetchUrl(lab: TestLab, url: string): Promise<FetchReport> {
  const command = sampleApp("fetch", url, "--json", "--timeout", "45s");
  const { stdout, stderr, code } = await lab.exec(CLIENT, command);
  if (!stdout.startsWith("{")) throw new Error(`fetch ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as FetchReport;
}

/**
 * Requests a URL from the client pod until it is answered: DNS and proxies hear of a new Service
 * a moment after the API shows it.
 */
export function fetchOnceServed(lab: TestLab, url: string): Promise<FetchReport> {
  let seen: FetchReport | undefined;
  return waitFor(
    async () => {
      seen = await fetchUrl(lab, url);
      return seen.response === undefined ? undefined : seen;
    },
    {
      timeoutMs: 60_000,
      describe: () => `${url} to be answered; last: ${seen?.error?.message ?? "no try ended"}`,
    },
  );
}
