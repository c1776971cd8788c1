import { setTimeout as delay } from "node:timers/promises";
import { CLASS_IN, Flag, type ResourceRecord } from "@kubehop/dns-wire";
import { PluginError } from "../chain.ts";
import {
  type Directive,
  onlyDirective,
  parseNumber,
  readProperties,
  takeArguments,
} from "../corefile/directive.ts";
import { parseDurationArgument } from "../corefile/duration.ts";
import type { Plugin } from "../plugin.ts";
import type { Query } from "../query.ts";
import { createDrop, createReply, type Reply } from "../reply.ts";

const NAME = "erratic";
const DEFAULT_AMOUNT = "2";
const DEFAULT_DELAY = "100ms";
/** Records of an answer with `large`. */
const LARGE = 30;

/** Each n-th query is dropped, cut off or late; 0 for none. */
interface Faults {
  drop: number;
  truncate: number;
  delay: number;
  delayMs: number;
  large: boolean;
}

/** Answers A and AAAA with fixed addresses, in bad ways: for tests of clients. */
export const erratic: Plugin = {
  name: NAME,
  setup(directives) {
    const faults = readFaults(onlyDirective(directives));
    let queries = 0;
    return {
      // Ready at times only, so that readiness can be tested with it (CoreDNS).
      ready: () => queries >= 3 && queries < 5,
      link: () => (query) => {
        const number = queries++;
        const isDue = (each: number): boolean => each > 0 && number % each === 0;
        const reply = answer(query, { faults, truncated: isDue(faults.truncate) });
        if (isDue(faults.drop)) return createDrop(NAME);
        if (!isDue(faults.delay)) return reply ?? fail();
        return delay(faults.delayMs).then(() => reply ?? fail());
      },
    };
  },
};

function fail(): never {
  throw new PluginError(NAME, "only A and AAAA are answered");
}

function answer(
  { question }: Query,
  { faults, truncated }: { faults: Faults; truncated: boolean },
): Reply | undefined {
  const { name, type } = question;
  if (type !== "A" && type !== "AAAA") return undefined;
  const address = type === "A" ? "192.0.2.53" : "2001:db8::53";
  const record: ResourceRecord = { name, type, class: CLASS_IN, ttl: 0, address };
  const flags = Flag.AA | (truncated ? Flag.TC : 0);
  return createReply(NAME, {
    flags,
    answers: Array.from({ length: faults.large ? LARGE : 1 }, () => record),
  });
}

function readFaults(directive: Directive): Faults {
  takeArguments(directive, { min: 0, max: 0, syntax: "erratic { … }" });
  const faults = { drop: 0, truncate: 0, delay: 0, delayMs: 0, large: false };
  const amount = (property: Directive, max = 1): string[] => {
    const more = max === 2 ? " [DURATION]" : "";
    const syntax = `${property.name} [AMOUNT]${more}`;
    return takeArguments(property, { min: 0, max, syntax });
  };
  const number = (property: Directive, text = DEFAULT_AMOUNT): number =>
    parseNumber(property, text, { min: 0, max: 0x7fff_ffff });
  readProperties(directive, {
    drop(property) {
      faults.drop = number(property, amount(property)[0]);
    },
    truncate(property) {
      faults.truncate = number(property, amount(property)[0]);
    },
    delay(property) {
      const [text, duration = DEFAULT_DELAY] = amount(property, 2);
      faults.delay = number(property, text);
      faults.delayMs = parseDurationArgument(property, duration);
    },
    large(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "large" });
      faults.large = true;
    },
  });
  if ((directive.block ?? []).length === 0) faults.drop = Number(DEFAULT_AMOUNT);
  return faults;
}
