import type { TracedLookup } from "@kubehop/trace";

/** The stable JSON form of `kubehop dig -o json`: the report, its queries with their hops. */
export function toDigJson({
  from,
  report,
  queries,
  complete,
}: TracedLookup): Record<string, unknown> {
  return { from, ...report, queries, complete };
}
