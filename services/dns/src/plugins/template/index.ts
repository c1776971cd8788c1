import { className, Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import { type Handler, type MaybePromise, PluginError } from "../../chain.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import { deriveQuery, type Query } from "../../query.ts";
import { createReply, type Reply } from "../../reply.ts";
import { parseRecord } from "../../zone-text/record.ts";
import { matchZone } from "../../zones.ts";
import { createExtendedError } from "../extended-error.ts";
import type { TemplateData } from "./go-template.ts";
import { readTemplateOptions, type TemplateOptions } from "./options.ts";

const NAME = "template";
/** QCLASS ANY (RFC 1035 §3.2.5). */
const ANY_CLASS = 255;

/** Answers made from the question by templates. It may stand several times in a block. */
export const template: Plugin = {
  name: NAME,
  setup(directives, context) {
    const all = directives.map((each) => readTemplateOptions(each, context.zones));
    return {
      anyClass: all.some((options) => options.class !== 1),
      link: (next) => (query) => answer(query, { all, next, context }),
    };
  },
};

interface Answering {
  readonly all: readonly TemplateOptions[];
  readonly next: Handler;
  readonly context: SetupContext;
}

/** The first template that matches answers; one that does not and has no `fallthrough` ends it. */
function answer(query: Query, { all, next, context }: Answering): MaybePromise<Reply> {
  for (const options of all) {
    if (!isConcerned(query, options)) continue;
    const data = match(query, options);
    if (data !== undefined) return fillIn(query, { options, data, context });
    if (options.fallthrough.through(query.name)) continue;
    throw new PluginError(NAME, "no regular expression matches, and no fallthrough");
  }
  return next(query);
}

function isConcerned({ question, name }: Query, options: TemplateOptions): boolean {
  const { class: cls = ANY_CLASS, type = "ANY" } = options;
  if (![cls, question.class].includes(ANY_CLASS) && cls !== question.class) return false;
  if (![type, question.type].includes("ANY") && type !== question.type) return false;
  return matchZone(options.zones, name) !== undefined;
}

/**
 * The data of a matching template: its first regular expression that fits (they see the name in
 * lower case) and all its conditions.
 */
function match(query: Query, options: TemplateOptions): TemplateData | undefined {
  for (const pattern of options.patterns) {
    const found = pattern.exec(query.name);
    if (found !== null) return describe(query, options, found);
  }
  return undefined;
}

function describe(
  query: Query,
  options: TemplateOptions,
  found: RegExpExecArray,
): TemplateData | undefined {
  const { question, name, client } = query;
  const numbered = Object.fromEntries(found.map((text, index) => [String(index), text ?? ""]));
  const groups: Record<string, string> = { ...numbered, ...found.groups };
  const variables = attempt(
    () => options.conditions.evaluate(query, groups),
    () => undefined,
  );
  if (variables === undefined) return undefined;
  return {
    Zone: matchZone(options.zones, name),
    Name: name,
    Class: className(question.class === ANY_CLASS ? (options.class ?? ANY_CLASS) : question.class),
    Type: question.type === "ANY" ? (options.type ?? "ANY") : question.type,
    Match: found.map((text) => text ?? ""),
    Group: groups,
    Var: variables,
    Question: { Name: question.name, Qclass: question.class, Qtype: question.type },
    Message: { Id: query.id, Opcode: query.opcode },
    Remote: client.ip,
    Meta: (label: unknown) => query.metadata?.(query, String(label)) ?? "",
  };
}

interface Filling {
  readonly options: TemplateOptions;
  readonly data: TemplateData;
  readonly context: SetupContext;
}

function fillIn(query: Query, { options, data, context }: Filling): MaybePromise<Reply> {
  const { server, zone, view, question } = query;
  const labels = [server, zone, view, className(question.class), question.type];
  const { matches, templateFailures, rrFailures } = context.metrics.plugins.template;
  matches(...labels).inc();
  const fill = (section: "answer" | "authority" | "additional"): ResourceRecord[] =>
    options[section].map((each) => {
      const failed = [...labels, section, each.text];
      const text = attempt(
        () => each.fill(data),
        () => templateFailures(...failed).inc(),
      );
      return attempt(
        () => parseRecord(text),
        () => rrFailures(...failed).inc(),
      );
    });
  const [answers, authorities, additionals] = [
    fill("answer"),
    fill("authority"),
    fill("additional"),
  ];
  const reply = createReply(NAME, {
    rcode: options.rcode,
    flags: Flag.AA,
    answers,
    authorities,
    additionals,
  });
  const explained = withExtendedError(query, reply, options);
  return options.rcode === Rcode.NOERROR ? followAlias(query, explained) : explained;
}

function attempt<T>(run: () => T, onFailure: () => void): T {
  try {
    return run();
  } catch (error) {
    onFailure();
    const reason = error instanceof Error ? error.message : String(error);
    throw new PluginError(NAME, reason, { cause: error });
  }
}

function withExtendedError(query: Query, reply: Reply, { extendedError }: TemplateOptions): Reply {
  if (extendedError === undefined || query.edns === undefined) return reply;
  return { ...reply, options: [createExtendedError(extendedError.code, extendedError.text)] };
}

/** A CNAME answer to A or AAAA brings what it leads to along, if that can be found. */
function followAlias(query: Query, reply: Reply): MaybePromise<Reply> {
  const { type } = query.question;
  const last = reply.answers.at(-1);
  if ((type !== "A" && type !== "AAAA") || last?.type !== "CNAME") return reply;
  const further = deriveQuery(query, last.target, type);
  return further === undefined ? reply : addAnswers(reply, further);
}

async function addAnswers(reply: Reply, further: Query): Promise<Reply> {
  try {
    const { answers } = await further.dispatch(further);
    return { ...reply, answers: [...reply.answers, ...answers] };
  } catch {
    return reply;
  }
}
