import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { lookupHosts } from "../resolver/hosts-file.ts";
import { lookup } from "../resolver/resolver.ts";
import { parseResolvConf } from "../resolver/resolv-conf.ts";
import type { Lookup } from "../resolver/resolver.ts";
import { connectFirst } from "./connect.ts";
import type { FetchFailure, FetchReport } from "./fetch-report.ts";
import { exchangeHttp } from "./http-exchange.ts";

/** What to request and how the host's resolver is configured. */
export interface FetchOptions {
  url: URL;
  method: string;
  headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  body: string;
  timeoutMs: number;
  insecure: boolean;
  /** Paths of resolv.conf(5) and hosts(5). */
  resolvConf: string;
  hosts: string;
  /** The DNS port; other than 53 only in tests. */
  dnsPort?: number;
}

type Draft = { -readonly [K in keyof FetchReport]: FetchReport[K] };

/** Does one request step by step and reports every step. Never rejects for what the network does. */
export async function fetchUrl(options: FetchOptions): Promise<FetchReport> {
  const deadline = Date.now() + options.timeoutMs;
  const report: Draft = {
    url: options.url.href,
    resolvConf: parseResolvConf(await readOrEmpty(options.resolvConf)),
    queries: [],
    failedConnections: [],
  };
  const addresses = await resolveHost(options, report, deadline);
  if (addresses.length > 0) await request(addresses, { options, report, deadline });
  return report;
}

/** IP literal, then /etc/hosts, then DNS: the order `hosts: files dns` gives. */
async function resolveHost(options: FetchOptions, report: Draft, deadline: number) {
  const host = options.url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host)) return [host];
  const fromFile = lookupHosts(await readOrEmpty(options.hosts), host);
  if (fromFile.length > 0) {
    report.hostsFile = fromFile;
    return fromFile;
  }
  const port = options.dnsPort === undefined ? {} : { port: options.dnsPort };
  const result = await lookup(host, report.resolvConf, { deadline, ...port });
  report.queries = result.queries;
  if (result.addresses.length === 0) report.error = lookupError(host, result);
  return result.addresses;
}

interface RequestContext {
  options: FetchOptions;
  report: Draft;
  deadline: number;
}

async function request(
  addresses: readonly string[],
  { options, report, deadline }: RequestContext,
) {
  const { url } = options;
  const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
  const { failed, socket, connection } = await connectFirst(addresses, port, deadline);
  report.failedConnections = failed;
  if (!socket || !connection) {
    report.error = connectError(url, failed.at(-1)?.error ?? "timeout");
    return;
  }
  report.connection = connection;
  try {
    const timeoutMs = Math.max(1, deadline - Date.now());
    report.response = await exchangeHttp({ ...options, socket, timeoutMs });
  } catch (error) {
    report.error = httpError(url, error);
  } finally {
    socket.destroy();
  }
}

function lookupError(host: string, { failure = "NXDOMAIN", queries }: Lookup): FetchFailure {
  const asked = [...new Set(queries.map((query) => query.name))].join(", ");
  return {
    step: "dns",
    reason: failure,
    message: `could not resolve ${host}: ${failure} (asked for ${asked || "nothing"})`,
  };
}

function connectError(url: URL, reason: string): FetchFailure {
  return { step: "connect", reason, message: `could not connect to ${url.host}: ${reason}` };
}

function httpError(url: URL, error: unknown): FetchFailure {
  const { name, code, message } = error as NodeJS.ErrnoException;
  const reason = name === "AbortError" || name === "TimeoutError" ? "timeout" : (code ?? message);
  return {
    step: "http",
    reason,
    message: `connected to ${url.host}, but no full response came: ${reason}`,
  };
}

function readOrEmpty(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
