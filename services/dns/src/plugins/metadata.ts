import { onlyDirective, refuseBlock } from "../corefile/directive.ts";
import { parseZones } from "../corefile/server-key.ts";
import type { Plugin } from "../plugin.ts";
import { matchZone } from "../zones.ts";

/** Makes what the block's plugins know about a query known to the others: `{/PLUGIN/LABEL}`. */
export const metadata: Plugin = {
  name: "metadata",
  setup(directives, context) {
    const directive = onlyDirective(directives);
    refuseBlock(directive);
    const own = directive.args.flatMap((token) => parseZones(token));
    const zones = own.length > 0 ? own : context.zones;
    return {
      collect: (readers) => (query, label) => {
        if (matchZone(zones, query.name) === undefined) return undefined;
        for (const read of readers) {
          const value = read(query, label);
          if (value !== undefined) return value;
        }
        return undefined;
      },
    };
  },
};
