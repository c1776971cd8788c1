import { parseDuration } from "@kubehop/kit";
import { type ContainerPort, isQualifiedName, isValidLabelValue, type Probe } from "@kubehop/api";

/** A text that does not fit the grammar; the message says what is accepted. */
export class LabelTextError extends Error {
  override readonly name = "LabelTextError";
}

const MAX_PORT = 65_535;
/** Names of ports (RFC 6335 service names). */
const PORT_NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/;

const LABELS_ACCEPTED = "key=value pairs of Kubernetes labels, e.g. app=my-api,tier=back";
const PORTS_ACCEPTED =
  "[NAME=]PORT[/TCP|/UDP] entries, e.g. http=8080/TCP,9090, each name and each port once";
const READINESS_ACCEPTED =
  'none, "http-get [https://]:PORT[/PATH]" or "tcp-socket :PORT", then any of ' +
  "initial-delay=, period=, timeout= (whole seconds: 1s, 1m) and success=, failure= (counts)";

/** Reads `app=my-api,tier=back`. Throws LabelTextError. */
export function parseLabelPairs(text: string): Readonly<Record<string, string>> {
  const pairs = entriesOf(text).map((entry): [string, string] => {
    const [key = "", value, ...rest] = entry.split("=");
    const fits = value !== undefined && isLabel(key, value);
    if (!fits || rest.length > 0) throw new LabelTextError(LABELS_ACCEPTED);
    return [key, value];
  });
  if (hasRepeats(pairs.map(([key]) => key))) throw new LabelTextError(LABELS_ACCEPTED);
  return Object.fromEntries(pairs);
}

/** Reads `http=8080/TCP,9090`; a port without protocol is TCP. Throws LabelTextError. */
export function parsePorts(text: string): ContainerPort[] {
  const ports = entriesOf(text).map((entry): ContainerPort => {
    const match = /^(?:([^=]+)=)?(\d{1,5})(?:\/(TCP|UDP))?$/i.exec(entry);
    const [, name, number = "", protocol = "TCP"] = match ?? [];
    const containerPort = toPort(number);
    const isNamed = name === undefined || PORT_NAME.test(name);
    if (containerPort === undefined || !isNamed) throw new LabelTextError(PORTS_ACCEPTED);
    const upper = protocol.toUpperCase() as "TCP" | "UDP";
    return { ...(name === undefined ? {} : { name }), containerPort, protocol: upper };
  });
  const names = ports.map(({ name }) => name).filter((name) => name !== undefined);
  const numbers = ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  if (hasRepeats(names) || hasRepeats(numbers)) throw new LabelTextError(PORTS_ACCEPTED);
  return ports;
}

/**
 * Reads `http-get :8080/ready period=1s timeout=1s`; undefined for `none`. A port may be one of
 * the names in `ports`. What is not said has the defaults of a Kubernetes probe. Throws
 * LabelTextError.
 */
export function parseReadiness(text: string, ports: readonly ContainerPort[]): Probe | undefined {
  const [kind, ...words] = text.trim().split(/\s+/);
  if (kind === "none" && words.length === 0) return undefined;
  const [target = "", ...options] = words;
  const match = /^(?:(https?):\/\/)?:([a-z0-9-]+)(\/\S*)?$/.exec(target);
  const [, scheme = "http", portText = "", path = "/"] = match ?? [];
  const port = toPort(portText) ?? namedPort(portText, ports);
  if (kind === "http-get") {
    const action = { scheme: scheme.toUpperCase() as "HTTP" | "HTTPS", port, path };
    return { httpGet: action, ...parseTiming(options) };
  }
  if (kind === "tcp-socket" && target === `:${portText}`) {
    return { tcpSocket: { port }, ...parseTiming(options) };
  }
  throw new LabelTextError(READINESS_ACCEPTED);
}

type Timing = Pick<
  Probe,
  | "failureThreshold"
  | "initialDelaySeconds"
  | "periodSeconds"
  | "successThreshold"
  | "timeoutSeconds"
>;

/** The options of a readiness label: field of the probe and least value. */
const OPTIONS: Readonly<Record<string, readonly [keyof Timing, least: number, isTime: boolean]>> = {
  "initial-delay": ["initialDelaySeconds", 0, true],
  period: ["periodSeconds", 1, true],
  timeout: ["timeoutSeconds", 1, true],
  success: ["successThreshold", 1, false],
  failure: ["failureThreshold", 1, false],
};

function parseTiming(options: readonly string[]): Timing {
  const timing: { -readonly [field in keyof Timing]: number } = {};
  for (const option of options) {
    const [key = "", value = ""] = option.split("=");
    const known = Object.hasOwn(OPTIONS, key) ? OPTIONS[key] : undefined;
    if (known === undefined) throw new LabelTextError(READINESS_ACCEPTED);
    const [field, least, isTime] = known;
    const number = isTime ? seconds(value) : Number(value === "" ? Number.NaN : value);
    if (!Number.isInteger(number) || number < least || timing[field] !== undefined) {
      throw new LabelTextError(READINESS_ACCEPTED);
    }
    timing[field] = number;
  }
  return timing;
}

function seconds(text: string): number {
  try {
    return parseDuration(text) / 1_000;
  } catch {
    return Number.NaN;
  }
}

function isLabel(key: string, value: string): boolean {
  return isQualifiedName(key).length === 0 && isValidLabelValue(value).length === 0;
}

function toPort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= MAX_PORT ? port : undefined;
}

function namedPort(name: string, ports: readonly ContainerPort[]): string {
  if (ports.some((port) => port.name === name)) return name;
  throw new LabelTextError(READINESS_ACCEPTED);
}

function entriesOf(text: string): string[] {
  return text.trim() === "" ? [] : text.split(",").map((entry) => entry.trim());
}

function hasRepeats(values: readonly string[]): boolean {
  return new Set(values).size < values.length;
}
