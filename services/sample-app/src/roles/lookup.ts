import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { UsageError } from "../flags.ts";
import { EXIT_CODES } from "../fetch/fetch-report.ts";
import { type QueryRecord, RECORD_TYPES, type RecordType } from "../resolver/dns-query.ts";
import { lookupHosts } from "../resolver/hosts-file.ts";
import { lookup } from "../resolver/resolver.ts";
import { parseResolvConf, type ResolvConf } from "../resolver/resolv-conf.ts";
import { reverseName } from "../resolver/reverse-name.ts";
import { defineRole } from "../role.ts";
import type { Role } from "../role.ts";

/** What `lookup --json` prints. */
export interface LookupReport {
  readonly question: string;
  readonly resolvConf: ResolvConf;
  /** Addresses /etc/hosts has for the name; then nothing is asked. */
  readonly hostsFile?: readonly string[];
  /** Every query sent, in order: the steps through the search list. */
  readonly queries: readonly QueryRecord[];
  /** The candidate that had an answer. */
  readonly name?: string;
  readonly answers: readonly string[];
  /** NXDOMAIN, NODATA, SERVFAIL, TIMEOUT or REFUSED: why there are no answers. */
  readonly failure?: string;
}

/** dig with a resolver's search list: every candidate and its answer on record. */
export const lookupName: Role = defineRole({
  name: "lookup",
  summary: "Looks a name up through /etc/resolv.conf's search list; --json shows each query.",
  operands: "NAME",
  flags: {
    json: { type: "boolean", default: false, description: "print every step as one JSON document" },
    type: {
      type: "string",
      default: "",
      description: `${RECORD_TYPES.join(", ")}; empty: A and AAAA; PTR takes an address, too`,
    },
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
    const [question = ""] = operands;
    if (operands.length !== 1 || question === "") throw new UsageError("need one name to look up");
    const types = parseTypes(flags.type);
    const report = await lookUp(question, types, flags);
    if (flags.json) context.stdout(`${JSON.stringify(report)}\n`);
    else context.stdout(report.answers.map((answer) => `${answer}\n`).join(""));
    if (report.failure === undefined) return 0;
    context.stderr(`lookup: ${question}: ${report.failure}\n`);
    return report.failure === "TIMEOUT" ? EXIT_CODES.timeout : EXIT_CODES.dns;
  },
});

interface LookupFlags {
  readonly timeout: number;
  readonly "resolv-conf": string;
  readonly hosts: string;
  readonly "dns-port": number;
}

async function lookUp(
  question: string,
  types: readonly RecordType[] | undefined,
  flags: LookupFlags,
): Promise<LookupReport> {
  const resolvConf = parseResolvConf(await readOrEmpty(flags["resolv-conf"]));
  const hostsFile =
    types === undefined ? lookupHosts(await readOrEmpty(flags.hosts), question) : [];
  if (hostsFile.length > 0) {
    return { question, resolvConf, hostsFile, queries: [], answers: hostsFile };
  }
  const isReverse = types?.[0] === "PTR" && isIP(question) !== 0;
  const options = { deadline: Date.now() + flags.timeout, port: flags["dns-port"] };
  const { addresses, ...found } = await lookup(
    isReverse ? reverseName(question) : question,
    resolvConf,
    { ...options, ...(types === undefined ? {} : { types }) },
  );
  return { question, resolvConf, ...found, answers: addresses };
}

function parseTypes(text: string): readonly RecordType[] | undefined {
  if (text === "") return undefined;
  const type = RECORD_TYPES.find((known) => known === text.toUpperCase());
  if (type !== undefined) return [type];
  throw new UsageError(`--type "${text}" is not one of ${RECORD_TYPES.join(", ")}`);
}

function readOrEmpty(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
