import type { LogQuery } from "../runtime/runtime.ts";

/** Parameters of a URL, as they were written. */
type Parameters = Readonly<Record<string, string | undefined>>;

/** Reads the query of /containerLogs. Throws an Error naming a parameter that is wrong. */
export function parseLogQuery(query: Parameters, now: number): LogQuery {
  const since = parseSince(query, now);
  const tailLines = count(query, "tailLines");
  const limitBytes = count(query, "limitBytes");
  return {
    follow: flag(query, "follow"),
    previous: flag(query, "previous"),
    timestamps: flag(query, "timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(since === undefined ? {} : { since }),
  };
}

function parseSince(query: Parameters, now: number): number | undefined {
  const seconds = count(query, "sinceSeconds");
  if (seconds !== undefined) return now - seconds * 1_000;
  const { sinceTime } = query;
  if (sinceTime === undefined) return undefined;
  const since = Date.parse(sinceTime);
  if (Number.isNaN(since)) throw new Error(`sinceTime: "${sinceTime}" is not a time`);
  return since;
}

function flag(query: Parameters, name: string): boolean {
  return query[name] === "true" || query[name] === "1";
}

function count(query: Parameters, name: string): number | undefined {
  const text = query[name];
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`${name}: "${text}" is not a number of at least 0`);
}
