import { Rcode } from "@kubehop/dns-wire";
import type { Logger } from "@kubehop/kit";
import {
  type Directive,
  invalidArgument,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import { parseZones } from "../../corefile/server-key.ts";
import type { Plugin } from "../../plugin.ts";
import type { Observer, Query } from "../../query.ts";
import type { Reply } from "../../reply.ts";
import { matchZone, type Zones } from "../../zones.ts";
import { COMMON_FORMAT, compileFormat, type LineFormat } from "./format.ts";

const CLASSES = ["success", "denial", "error", "all"] as const;
type AnswerClass = (typeof CLASSES)[number];

interface Rule {
  readonly zones: Zones;
  readonly format: LineFormat;
  readonly classes: ReadonlySet<AnswerClass>;
}

/** A line for each query: `10.244.1.5:50759 - 29008 "A IN example.org. udp 41 …" NOERROR …`. */
export const log: Plugin = {
  name: "log",
  setup(directives, { logger, clock }) {
    const rules = directives.map(readRule);
    const observe: Observer = (query, reply, octets) => {
      const rule = rules.find(({ zones }) => matchZone(zones, query.name) !== undefined);
      if (rule === undefined || !isWanted(rule, reply)) return;
      const duration = (clock.monotonic() - query.startedAt) / 1000;
      write(logger, rule.format({ query, reply, octets, duration }));
    };
    return {
      link: (next) => (query: Query) => {
        query.observers.push(observe);
        return next(query);
      },
    };
  },
};

function write(logger: Logger, line: string): void {
  logger.info(line);
}

/** `log [NAMES…] ["FORMAT"]`: the last argument is a format when it holds a brace. */
function readRule(directive: Directive): Rule {
  const { args } = directive;
  const last = args.at(-1);
  const hasFormat = last !== undefined && last.text.includes("{");
  const names = hasFormat ? args.slice(0, -1) : args;
  const format = compileFormat(hasFormat ? last.text : COMMON_FORMAT);
  if (typeof format !== "function") {
    throw invalidArgument(directive, last?.text ?? "", `a format: there is no {${format.unknown}}`);
  }
  const classes = new Set<AnswerClass>();
  readProperties(directive, {
    class(property) {
      const syntax = `class ${CLASSES.join("|")}…`;
      for (const text of takeArguments(property, { min: 1, max: 4, syntax })) {
        classes.add(parseClass(property, text));
      }
    },
  });
  if (classes.size === 0) classes.add("all");
  const zones = names.length === 0 ? ["."] : names.flatMap((token) => parseZones(token));
  return { zones, format, classes };
}

function parseClass(property: Directive, text: string): AnswerClass {
  const found = CLASSES.find((name) => name === text);
  if (found === undefined) throw invalidArgument(property, text, `one of ${CLASSES.join(", ")}`);
  return found;
}

function isWanted({ classes }: Rule, reply: Reply): boolean {
  return classes.has("all") || classes.has(classify(reply));
}

/** Denial is NXDOMAIN and NODATA (an SOA instead of an answer); see CoreDNS' response.Classify. */
function classify({ rcode, answers, authorities }: Reply): AnswerClass {
  if (rcode === Rcode.NXDOMAIN) return "denial";
  if (rcode !== Rcode.NOERROR) return "error";
  const denied = answers.length === 0 && authorities.some(({ type }) => type === "SOA");
  return denied ? "denial" : "success";
}
