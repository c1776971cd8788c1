import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { CLASS_IN, type ResourceRecord } from "@kubehop/dns-wire";
import { type Handler, type MaybePromise, PluginError } from "../../chain.ts";
import { CorefileError } from "../../corefile/corefile-error.ts";
import {
  type Directive,
  onlyDirective,
  parseNumber,
  takeArguments,
} from "../../corefile/directive.ts";
import { parseDurationArgument } from "../../corefile/duration.ts";
import { reverseAddress } from "../../corefile/reverse-zones.ts";
import { parseZones } from "../../corefile/server-key.ts";
import type { Plugin, SetupContext } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import { createReply, type Reply } from "../../reply.ts";
import { createFallthrough, type Fallthrough, matchZone, type Zones } from "../../zones.ts";
import { EMPTY_HOSTS, type HostTable, isHostLine, mergeHosts, parseHosts } from "./host-table.ts";

const NAME = "hosts";

interface HostsOptions {
  readonly file: string;
  readonly zones: Zones;
  readonly inline: readonly string[];
  readonly ttl: number;
  readonly reverse: boolean;
  /** Whether types other than A, AAAA and PTR go on with `fallthrough`. */
  readonly unsupportedFallsThrough: boolean;
  readonly reloadMs: number;
  readonly fallthrough: Fallthrough;
}

/** Names from a file in the format of /etc/hosts, and from lines in the Corefile. */
export const hosts: Plugin = {
  name: NAME,
  setup(directives, context) {
    const options = readOptions(onlyDirective(directives), context);
    const inline = parseHosts(options.inline.join("\n"), options);
    let table: HostTable = inline;
    let timer: NodeJS.Timeout | undefined;
    const load = createLoader(options, context, (fromFile) => {
      table = mergeHosts(inline, fromFile);
    });
    return {
      link: (next) => (query) => answer(query, table, { options, next }),
      async start() {
        await load();
        if (options.reloadMs > 0) timer = setInterval(() => void load(), options.reloadMs).unref();
      },
      async stop() {
        clearInterval(timer);
      },
    };
  },
};

function answer(
  query: Query,
  table: HostTable,
  { options, next }: { options: HostsOptions; next: Handler },
): MaybePromise<Reply> {
  if (query.question.type === "PTR") return answerReverse(query, table, options) ?? next(query);
  if (matchZone(options.zones, query.name) === undefined) return next(query);
  const addresses = table.addresses(query.name);
  const { type } = query.question;
  const supported = type === "A" || type === "AAAA";
  const goesOn = addresses === undefined || (!supported && options.unsupportedFallsThrough);
  if (goesOn && options.fallthrough.through(query.name)) return next(query);
  // CoreDNS answers SERVFAIL here, not NXDOMAIN: without an SOA it is no authority for the name.
  if (addresses === undefined) throw new PluginError(NAME, "no entry and no fallthrough");
  if (!supported) return createReply(NAME);
  const head = { name: query.question.name, class: CLASS_IN, ttl: options.ttl };
  const answers: ResourceRecord[] = addresses
    .filter((address) => address.includes(":") === (type === "AAAA"))
    .map((address) => ({ ...head, type, address }));
  return createReply(NAME, { answers });
}

/** Reverse zones need not be listed; an unknown address always goes on (CoreDNS). */
function answerReverse(query: Query, table: HostTable, options: HostsOptions): Reply | undefined {
  const ip = options.reverse ? reverseAddress(query.name) : undefined;
  const names = ip === undefined ? [] : table.names(ip);
  if (names.length === 0) return undefined;
  const head = { name: query.question.name, class: CLASS_IN, ttl: options.ttl } as const;
  return createReply(NAME, { answers: names.map((target) => ({ ...head, type: "PTR", target })) });
}

function readOptions(directive: Directive, context: SetupContext): HostsOptions {
  const [file, ...zones] = directive.args;
  const path = file?.text ?? "/etc/hosts";
  const inline: string[] = [];
  const options = { ttl: 3_600, reverse: true, reloadMs: 5_000, unsupportedFallsThrough: false };
  let through: Zones | undefined;
  const properties: Record<string, (property: Directive) => void> = {
    ttl(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "ttl SECONDS" });
      options.ttl = parseNumber(property, text, { min: 1, max: 65_535 });
    },
    no_reverse(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "no_reverse" });
      options.reverse = false;
    },
    fallthrough_unsupported(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "fallthrough_unsupported" });
      options.unsupportedFallsThrough = true;
    },
    reload(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "reload DURATION" });
      options.reloadMs = parseDurationArgument(property, text);
    },
    fallthrough(property) {
      through = property.args.flatMap((token) => parseZones(token));
    },
  };
  for (const property of directive.block ?? []) {
    const read = Object.hasOwn(properties, property.name) ? properties[property.name] : undefined;
    const line = [property.name, ...property.args.map(({ text }) => text)].join(" ");
    if (read !== undefined) read(property);
    else if (isHostLine(line)) inline.push(line);
    else throw unknownProperty(property, Object.keys(properties));
  }
  return {
    ...options,
    file: isAbsolute(path) ? path : join(context.folder, path),
    zones: zones.length === 0 ? context.zones : zones.flatMap((token) => parseZones(token)),
    inline,
    fallthrough: createFallthrough(through),
  };
}

function unknownProperty({ name, position }: Directive, known: readonly string[]): CorefileError {
  const text = `unknown property "${name}" of hosts; expected ${known.join(", ")} or "IP NAME…"`;
  return new CorefileError(position, text);
}

/** Reads the file again when its time or size changed; a missing file counts as empty. */
function createLoader(
  options: HostsOptions,
  { logger, metrics, clock }: SetupContext,
  use: (table: HostTable) => void,
): () => Promise<void> {
  let version = "";
  return async () => {
    try {
      const { mtimeMs, size } = await stat(options.file);
      if (version === `${mtimeMs} ${size}`) return;
      const table = parseHosts(await readFile(options.file, "utf8"), options);
      version = `${mtimeMs} ${size}`;
      use(table);
      metrics.plugins.hosts.entries.set(table.size);
      metrics.plugins.hosts.reloadTime.set(clock.now() / 1000);
    } catch (error) {
      if (version === "") return use(EMPTY_HOSTS);
      logger.warn({ plugin: NAME, file: options.file, err: error }, "hosts file cannot be read");
    }
  };
}
