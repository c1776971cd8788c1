import { EXIT_CODES } from "../fetch/fetch-report.ts";
import type { FetchFailure, FetchReport } from "../fetch/fetch-report.ts";
import { fetchUrl as fetchStepByStep } from "../fetch/fetch-url.ts";
import { UsageError } from "../flags.ts";
import { defineRole } from "../role.ts";
import type { Role, RoleContext } from "../role.ts";

/** curl with an open chest: the same request, every step on record. */
export const fetchUrl: Role = defineRole({
  name: "fetch",
  summary: "Requests a URL as curl does; --json shows each query, connection and byte count.",
  operands: "URL",
  flags: {
    json: { type: "boolean", default: false, description: "print every step as one JSON document" },
    method: { type: "string", default: "GET", description: "HTTP method" },
    header: { type: "list", default: [], description: '"Name: value"; may be repeated' },
    data: { type: "string", default: "", description: "body of the request" },
    insecure: { type: "boolean", default: false, description: "https without certificate check" },
    timeout: { type: "duration", default: "10s", description: "for all steps together" },
    "resolv-conf": {
      type: "string",
      default: "/etc/resolv.conf",
      description: "where the resolver is configured",
    },
    hosts: { type: "string", default: "/etc/hosts", description: "names known without DNS" },
    "dns-port": {
      type: "integer",
      default: 53,
      minimum: 1,
      maximum: 65535,
      description: "port of the name servers",
    },
  },
  run: async (context, flags, operands) => {
    const report = await fetchStepByStep({
      url: parseUrl(operands),
      method: flags.method,
      headers: Object.fromEntries(flags.header.map(parseHeader)),
      body: flags.data,
      timeoutMs: flags.timeout,
      insecure: flags.insecure,
      resolvConf: flags["resolv-conf"],
      hosts: flags.hosts,
      dnsPort: flags["dns-port"],
    });
    print(context, report, flags.json);
    return report.error ? exitCode(report.error) : 0;
  },
});

function parseUrl(operands: readonly string[]): URL {
  const [text = ""] = operands;
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  const protocol = url?.protocol;
  if (operands.length === 1 && url && (protocol === "http:" || protocol === "https:")) return url;
  throw new UsageError(`need one http or https URL, got ${JSON.stringify(operands.join(" "))}`);
}

function parseHeader(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError(`--header ${JSON.stringify(text)} is not a header; write "Name: value"`);
}

function print(context: RoleContext, report: FetchReport, json: boolean): void {
  if (json) context.stdout(`${JSON.stringify(report)}\n`);
  else context.stdout(report.response?.body ?? "");
  if (report.error) context.stderr(`fetch: ${report.error.message}\n`);
}

function exitCode({ step, reason }: FetchFailure): number {
  return reason.toLowerCase() === "timeout" ? EXIT_CODES.timeout : EXIT_CODES[step];
}
