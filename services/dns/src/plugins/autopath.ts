import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { CLASS_IN, Rcode, type ResourceRecord, toAbsolute } from "@kubehop/dns-wire";
import type { Handler } from "../chain.ts";
import { CorefileError } from "../corefile/corefile-error.ts";
import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import type { Token } from "../corefile/lexer.ts";
import { parseZones } from "../corefile/server-key.ts";
import type { Plugin, SetupContext } from "../plugin.ts";
import type { Query } from "../query.ts";
import type { Reply } from "../reply.ts";
import { isInZone, matchZone } from "../zones.ts";
import { rename } from "./rewrite/name-rule.ts";

/** The search path of a client, the empty entry last; undefined when it is not known. */
type SearchPath = (query: Query) => readonly string[] | undefined;

/** Walks a client's search path for it: one answer instead of one NXDOMAIN for each entry. */
export const autopath: Plugin = {
  name: "autopath",
  setup(directives, context) {
    const directive = onlyDirective(directives);
    const syntax = "autopath [ZONES…] RESOLV-CONF|@kubernetes";
    takeArguments(directive, { min: 1, max: 1_000, syntax });
    refuseBlock(directive);
    const zoneTokens = directive.args.slice(0, -1);
    const own = zoneTokens.flatMap((token) => parseZones(token));
    const zones = own.length > 0 ? own : context.zones;
    const searchPath = readSearchPath(directive.args.at(-1) as Token, context);
    return {
      link: (next) => (query) => {
        const inZone = matchZone(zones, query.name) !== undefined;
        const search = inZone ? searchPath(query) : undefined;
        const base = search && baseName(query.question.name, search[0] ?? "");
        if (search === undefined || base === undefined) return next(query);
        return walk(query, { base, search, next }).then(({ reply, found }) => {
          if (found) context.metrics.plugins.autopathSuccess(query.server).inc();
          return reply;
        });
      },
    };
  },
};

/** The name without the first entry of the search path; undefined when it does not end in it. */
function baseName(name: string, first: string): string | undefined {
  if (first === "" || !isInZone(name.toLowerCase(), first)) return undefined;
  return name.length > first.length ? name.slice(0, -first.length) : undefined;
}

interface Walk {
  /** With its final dot. */
  readonly base: string;
  readonly search: readonly string[];
  readonly next: Handler;
}

/** The first answer but NXDOMAIN, else that of the first name. An error ends the walk. */
async function walk(
  query: Query,
  { base, search, next }: Walk,
): Promise<{ reply: Reply; found: boolean }> {
  let first: Reply | undefined;
  for (const entry of search) {
    const reply = await next(rename(query, `${base}${entry}`));
    first ??= reply;
    if (reply.rcode !== Rcode.NXDOMAIN) return { reply: withAlias(query, reply), found: true };
  }
  return { reply: first as Reply, found: false };
}

/** A CNAME leads from what was asked to what was found. */
function withAlias({ question }: Query, reply: Reply): Reply {
  const [record] = reply.answers;
  if (record === undefined || record.name === question.name) return reply;
  const alias: ResourceRecord = {
    name: question.name,
    type: "CNAME",
    class: CLASS_IN,
    ttl: record.ttl,
    target: record.name,
  };
  return { ...reply, answers: [alias, ...reply.answers] };
}

function readSearchPath(token: Token, { folder, siblings }: SetupContext): SearchPath {
  const { text } = token;
  if (text.startsWith("@")) {
    if (text !== "@kubernetes") {
      throw new CorefileError(token, `autopath: "${text}" is not @kubernetes or a resolv.conf`);
    }
    return (query) => siblings().get("kubernetes")?.searchPath?.(query);
  }
  const path = isAbsolute(text) ? text : join(folder, text);
  try {
    const search = [...searchDomains(readFileSync(path, "utf8")), ""];
    return () => search;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorefileError(token, `autopath: "${text}" cannot be read: ${reason}`);
  }
}

/** The domains of the last `search` line of a resolv.conf, lower case, with their final dot. */
export function searchDomains(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim().split(/\s+/));
  const [, ...domains] = lines.findLast(([word]) => word === "search") ?? [];
  return domains.map((domain) => toAbsolute(domain.toLowerCase()));
}
