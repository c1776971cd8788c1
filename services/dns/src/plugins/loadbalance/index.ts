import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import ipaddr from "ipaddr.js";
import { mapReply } from "../../chain.ts";
import {
  type Directive,
  invalidArgument,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import { parseDurationArgument } from "../../corefile/duration.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import { withReuse } from "../../reuse.ts";
import { createNetworks, type Networks } from "../networks.ts";
import { drawFirst, type Order, orderReply, preferNetworks, shuffle } from "./order.ts";
import { parseWeights, type Weights } from "./weights.ts";

const NAME = "loadbalance";
const DEFAULT_RELOAD_MS = 30_000;

/** Changes the order of the A, AAAA and MX records of answers; CNAMEs come first. */
export const loadbalance: Plugin = {
  name: NAME,
  setup(directives, context) {
    const directive = onlyDirective(directives);
    const { random } = context;
    const options = readOptions(directive);
    const file = options.file === undefined ? undefined : openWeights(directive, options, context);
    const order: Order = (records) => {
      const shuffled =
        file === undefined ? shuffle(records, random) : drawFirst(records, file.weights(), random);
      return options.preferred === undefined
        ? shuffled
        : preferNetworks(shuffled, options.preferred);
    };
    // Any order is as likely as any other: then one may be drawn again without the records.
    const isDrawn = file === undefined && options.preferred === undefined;
    let timer: NodeJS.Timeout | undefined;
    return {
      allowsReuse: true,
      link: (next) => (query) =>
        mapReply(next, query, (reply) => {
          const ordered = orderReply(reply, order);
          if (ordered === reply || reply.reuse === undefined) return ordered;
          return withReuse(ordered, isDrawn ? { ...reply.reuse, random } : undefined);
        }),
      async start() {
        if (file === undefined || options.reloadMs === 0) return;
        timer = setInterval(() => file.refresh(), options.reloadMs).unref();
      },
      async stop() {
        clearInterval(timer);
      },
    };
  },
};

interface Options {
  /** Of the weighted policy. */
  readonly file: string | undefined;
  readonly reloadMs: number;
  readonly preferred: Networks | undefined;
}

/** `loadbalance [round_robin | weighted FILE] { reload DURATION; prefer CIDR… }`. */
function readOptions(directive: Directive): Options {
  const syntax = "loadbalance [round_robin | weighted FILE]";
  const [policy = "round_robin", file] = takeArguments(directive, { min: 0, max: 2, syntax });
  if (policy !== "round_robin" && policy !== "weighted") {
    throw invalidArgument(directive, policy, "round_robin or weighted");
  }
  if ((policy === "weighted") !== (file !== undefined)) {
    throw invalidArgument(directive, file ?? policy, `part of: ${syntax}`);
  }
  let reloadMs = DEFAULT_RELOAD_MS;
  let preferred: Networks | undefined;
  readProperties(directive, {
    reload(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "reload DURATION" });
      reloadMs = parseDurationArgument(property, text);
    },
    prefer(property) {
      const cidrs = takeArguments(property, { min: 1, max: 1_000, syntax: "prefer CIDR…" });
      const wrong = cidrs.find((cidr) => !ipaddr.isValidCIDR(cidr));
      if (wrong !== undefined) throw invalidArgument(property, wrong, "a CIDR like 10.0.0.0/8");
      preferred = createNetworks(cidrs);
    },
  });
  return { file, reloadMs, preferred };
}

interface WeightsFile {
  weights(): Weights;
  /** Reads the file again if it changed; the old weights stay over a mistake. */
  refresh(): void;
}

function openWeights(
  directive: Directive,
  { file = "" }: Options,
  { folder, logger }: SetupContext,
): WeightsFile {
  const path = isAbsolute(file) ? file : join(folder, file);
  const versionOf = (): number => statSync(path).mtimeMs;
  const read = (): Weights => parseWeights(readFileSync(path, "utf8"));
  try {
    let version = versionOf();
    let weights = read();
    return {
      weights: () => weights,
      refresh() {
        try {
          if (versionOf() === version) return;
          version = versionOf();
          weights = read();
        } catch (error) {
          logger.warn({ plugin: NAME, file: path, err: error }, "weights cannot be used");
        }
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidArgument(directive, file, `a file of weights (${reason})`);
  }
}
