import { CLASS_CODES, Rcode, typeCode } from "@kubehop/dns-wire";
import { CorefileError } from "../../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  parseNumber,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import { parsePattern } from "../../corefile/pattern.ts";
import { parseZones } from "../../corefile/server-key.ts";
import { type Conditions, createConditions } from "./conditions.ts";
import { createFallthrough, type Fallthrough, type Zones } from "../../zones.ts";
import { compileTemplate, type Template } from "./go-template.ts";

/** A template of records, with its text for metrics. */
export interface RecordTemplate {
  readonly text: string;
  readonly fill: Template;
}

/** What a `template` directive says. */
export interface TemplateOptions {
  /** Undefined for ANY. */
  readonly class: number | undefined;
  readonly type: string | undefined;
  readonly zones: Zones;
  readonly patterns: readonly RegExp[];
  readonly conditions: Conditions;
  readonly answer: readonly RecordTemplate[];
  readonly authority: readonly RecordTemplate[];
  readonly additional: readonly RecordTemplate[];
  readonly rcode: number;
  readonly extendedError: { readonly code: number; readonly text: string } | undefined;
  readonly fallthrough: Fallthrough;
}

type Section = "answer" | "authority" | "additional";

/** Reads `template CLASS TYPE [ZONES…] { … }`. Throws CorefileError. */
export function readTemplateOptions(directive: Directive, blockZones: Zones): TemplateOptions {
  const syntax = "template CLASS TYPE [ZONES…]";
  const [cls = "", type = ""] = takeArguments(directive, { min: 2, max: 1_000, syntax });
  const zones = directive.args.slice(2).flatMap((token) => parseZones(token));
  const sections: Record<Section, RecordTemplate[]> = { answer: [], authority: [], additional: [] };
  const patterns: RegExp[] = [];
  const conditions = createConditions();
  let rcode: number = Rcode.NOERROR;
  let extendedError: TemplateOptions["extendedError"];
  let through: Zones | undefined;
  const section = (name: Section) => (property: Directive) => {
    const texts = takeArguments(property, { min: 1, max: 1_000, syntax: `${name} RR…` });
    sections[name].push(...texts.map((text) => readTemplate(property, text)));
  };
  readProperties(directive, {
    match(property) {
      const texts = takeArguments(property, { min: 1, max: 1_000, syntax: "match REGEX…" });
      patterns.push(...texts.map((text) => parsePattern(property, text)));
    },
    ...conditions.properties,
    answer: section("answer"),
    authority: section("authority"),
    additional: section("additional"),
    rcode(property) {
      rcode = readRcode(property);
    },
    ederror(property) {
      const range = { min: 1, max: 2, syntax: "ederror CODE [TEXT]" };
      const [code = "", text = ""] = takeArguments(property, range);
      extendedError = { code: parseNumber(property, code, { min: 0, max: 65_535 }), text };
    },
    fallthrough(property) {
      through = property.args.flatMap((token) => parseZones(token));
    },
    upstream: () => undefined,
  });
  return {
    class: readClass(directive, cls),
    type: readType(directive, type),
    zones: zones.length > 0 ? zones : blockZones,
    patterns: patterns.length > 0 ? patterns : [/.*/],
    conditions,
    ...sections,
    rcode,
    extendedError,
    fallthrough: createFallthrough(through),
  };
}

function readClass(directive: Directive, text: string): number | undefined {
  const name = text.toUpperCase();
  if (name === "ANY") return undefined;
  const code = CLASS_CODES[name];
  if (code === undefined) throw invalidArgument(directive, text, "a class like IN, or ANY");
  return code;
}

function readType(directive: Directive, text: string): string | undefined {
  const name = text.toUpperCase();
  if (name === "ANY") return undefined;
  if (typeCode(name) === undefined) throw invalidArgument(directive, text, "a type like A, or ANY");
  return name;
}

function readRcode(property: Directive): number {
  const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "rcode CODE" });
  const code = (Rcode as Readonly<Record<string, number>>)[text.toUpperCase()];
  if (code === undefined || code > 0xf) {
    throw invalidArgument(property, text, "a response code like NXDOMAIN");
  }
  return code;
}

function readTemplate(property: Directive, text: string): RecordTemplate {
  try {
    return { text, fill: compileTemplate(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorefileError(property.position, `${property.name} "${text}": ${reason}`);
  }
}
