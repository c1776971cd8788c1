import { onlyDirective, refuseBlock, takeArguments } from "../corefile/directive.ts";
import { parseListen } from "../corefile/listen-argument.ts";
import type { Plugin } from "../plugin.ts";

const DEFAULT_LISTEN = "localhost:9153";

/** Counts the queries of its server block; GET /metrics gives the process's metrics. */
export const prometheus: Plugin = {
  name: "prometheus",
  setup(directives, { metrics, exposition }) {
    const directive = onlyDirective(directives);
    const [address] = takeArguments(directive, { min: 0, max: 1, syntax: "prometheus [ADDRESS]" });
    refuseBlock(directive);
    const { registry, observeQuery } = metrics;
    const answer = async () => {
      return { status: 200, body: await exposition(), type: registry.contentType };
    };
    return {
      endpoints: [
        { listen: parseListen(directive, address, DEFAULT_LISTEN), path: "/metrics", answer },
      ],
      allowsReuse: true,
      link: (next) => (query) => {
        query.observers.push(observeQuery);
        return next(query);
      },
    };
  },
};
