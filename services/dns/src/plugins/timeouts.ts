import { CorefileError } from "../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  onlyDirective,
  parseNumber,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import { parseDurationArgument } from "../corefile/duration.ts";
import type { Plugin } from "../plugin.ts";
import type { TcpTimeouts } from "../server/tcp.ts";

type Draft = { -readonly [K in keyof TcpTimeouts]?: TcpTimeouts[K] };

const MIN_MS = 1_000;
const MAX_MS = 24 * 3_600_000;

/** How long TCP and TLS connections of the block's addresses may take. */
export const timeouts: Plugin = {
  name: "timeouts",
  setup(directives) {
    const directive = onlyDirective(directives);
    takeArguments(directive, { min: 0, max: 0, syntax: "timeouts { … }" });
    const own: Draft = {};
    const duration = (set: (ms: number) => void) => (property: Directive) => {
      const syntax = `${property.name} DURATION`;
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax });
      const ms = parseDurationArgument(property, text, { plainSeconds: true });
      if (ms < MIN_MS || ms > MAX_MS) throw invalidArgument(property, text, "from 1s to 24h");
      set(ms);
    };
    readProperties(directive, {
      read: duration((ms) => (own.readMs = ms)),
      write: duration((ms) => (own.writeMs = ms)),
      idle: duration((ms) => (own.idleMs = ms)),
      maxtcpqueries(property) {
        const range = { min: 1, max: 1, syntax: "maxtcpqueries N" };
        const [text = ""] = takeArguments(property, range);
        const most = parseNumber(property, text, { min: -1, max: 0x7fff_ffff });
        own.maxQueries = most <= 0 ? Number.POSITIVE_INFINITY : most;
      },
    });
    if (Object.keys(own).length === 0) {
      const expected = "expected read, write, idle or maxtcpqueries";
      throw new CorefileError(directive.position, `timeouts block with no timeouts; ${expected}`);
    }
    return { listener: { timeouts: own } };
  },
};
