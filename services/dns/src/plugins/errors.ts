import type { Logger } from "@kubehop/kit";
import { rcodeOf, settle } from "../chain.ts";
import {
  type Directive,
  invalidArgument,
  onlyDirective,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import { parseDurationArgument } from "../corefile/duration.ts";
import { parsePattern } from "../corefile/pattern.ts";
import type { Plugin } from "../plugin.ts";
import type { Query } from "../query.ts";
import { createErrorReply } from "../reply.ts";

type Level = "warn" | "error" | "info" | "debug";

const LEVELS: Readonly<Record<string, Level>> = {
  warning: "warn",
  error: "error",
  info: "info",
  debug: "debug",
};

/** `consolidate DURATION REGEXP [LEVEL] [show_first]`. */
interface Consolidation {
  readonly periodMs: number;
  readonly pattern: RegExp;
  readonly level: Level;
  readonly showFirst: boolean;
  count: number;
  timer: NodeJS.Timeout | undefined;
}

/** Logs the errors of the plugins behind it and answers with their response code. */
export const errors: Plugin = {
  name: "errors",
  setup(directives, { logger }) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "errors" });
    const consolidations: Consolidation[] = [];
    let stacktrace = false;
    readProperties(directive, {
      stacktrace() {
        stacktrace = true;
      },
      consolidate(property) {
        consolidations.push(readConsolidation(property));
      },
    });
    const report = (query: Query, error: unknown): void => {
      const text = error instanceof Error ? error.message : String(error);
      // A pattern may begin where the plugin's own words do, as it may in CoreDNS.
      const bare = text.replace(/^plugin\/[a-z0-9]+: /, "");
      const rule = consolidations.find(({ pattern }) => pattern.test(bare) || pattern.test(text));
      if (rule !== undefined && consolidate(rule, logger)) return;
      const line = `plugin/errors: ${rcodeOf(error)} ${query.name} ${query.question.type}: ${text}`;
      logger[rule?.level ?? "error"](stacktrace ? { err: error } : {}, line);
    };
    return {
      allowsReuse: true,
      link: (next) => (query) =>
        settle(next, query, {
          onReply: (reply) => reply,
          onError(error) {
            report(query, error);
            return createErrorReply(rcodeOf(error));
          },
        }),
      async stop() {
        for (const rule of consolidations) flush(rule, logger);
      },
    };
  },
};

function readConsolidation(property: Directive): Consolidation {
  const syntax = 'consolidate DURATION "REGEXP" [warning|error|info|debug] [show_first]';
  const [duration = "", text = "", ...rest] = takeArguments(property, { min: 2, max: 4, syntax });
  const showFirst = rest.at(-1) === "show_first";
  const [levelName = "error", extra] = showFirst ? rest.slice(0, -1) : rest;
  const level = Object.hasOwn(LEVELS, levelName) ? LEVELS[levelName] : undefined;
  if (level === undefined || extra !== undefined) {
    throw invalidArgument(property, extra ?? levelName, `part of: ${syntax}`);
  }
  const periodMs = parseDurationArgument(property, duration);
  return {
    periodMs,
    pattern: parsePattern(property, text),
    level,
    showFirst,
    count: 0,
    timer: undefined,
  };
}

/** Counts an error; gives whether it is to be kept silent for now. */
function consolidate(rule: Consolidation, logger: Logger): boolean {
  rule.count++;
  const first = rule.timer === undefined;
  rule.timer ??= setTimeout(() => flush(rule, logger), rule.periodMs).unref();
  return !(first && rule.showFirst);
}

function flush(rule: Consolidation, logger: Logger): void {
  clearTimeout(rule.timer);
  rule.timer = undefined;
  const { count, pattern, periodMs, level, showFirst } = rule;
  rule.count = 0;
  // The first one was told already.
  if (count === 0 || (count === 1 && showFirst)) return;
  const seconds = `${periodMs / 1000}s`;
  logger[level](
    `plugin/errors: ${count} errors like '${pattern.source}' occurred in last ${seconds}`,
  );
}
