import { isIP } from "node:net";
import {
  formatMs,
  REJECTIONS,
  type Style,
  type TracedLookup,
  type TracedQuery,
} from "@kubehop/trace";

/** Writes a look-up step by step, as lines for people. */
export function formatDig(dig: TracedLookup, style: Style): string {
  const { queries } = dig;
  const lines = [
    ...headLines(dig, style),
    ...queries.flatMap((query, index) => ["", ...queryLines(dig, query, { index, style })]),
    "",
    resultLine(dig, style),
    ...(dig.complete
      ? []
      : ["Not every hop was told: a proxy or DNS pod was restarting or is lagging."]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Who asks for what, and how its search list makes names of it (resolv.conf(5)). */
export function headLines({ report, from }: TracedLookup, style: Style): string[] {
  const { question, resolvConf, hostsFile } = report;
  const who = `from pod ${from.namespace}/${from.name} (${from.ip}, ${from.node})`;
  const head = `${style.bold(question)}  ${who}`;
  if (hostsFile !== undefined) return [head, "/etc/hosts has it, so nobody is asked"];
  const { nameservers, search, ndots } = resolvConf;
  return [
    head,
    style.dim(`nameserver ${nameservers.join(" ")}, search ${search.join(" ")}, ndots:${ndots}`),
    style.dim(orderOf(question, ndots)),
  ];
}

function orderOf(question: string, ndots: number): string {
  if (isIP(question) !== 0) return "an address is asked for by its name below arpa";
  if (question.endsWith(".")) return "it ends with a dot, so it is asked for as it is";
  const dots = question.split(".").length - 1;
  const count = dots === 1 ? "1 dot is" : `${dots} dots are`;
  return dots < ndots
    ? `${count} fewer than ndots:${ndots}, so the search list comes first`
    : `${count} not fewer than ndots:${ndots}, so it is asked for as it is first`;
}

interface QueryContext {
  readonly index: number;
  readonly style: Style;
}

function queryLines(
  dig: TracedLookup,
  query: TracedQuery,
  { index, style }: QueryContext,
): string[] {
  const { protocol, server, local } = query;
  return [
    stepLine(query, { index, style }),
    `     ${protocol} ${local.ip}:${local.port} → ${server.ip}:${server.port}${wayText(dig, query)}`,
    ...(query.resolved === undefined ? [] : [`     ${sourceText(query.resolved)}`]),
  ];
}

/** The number of a step, its question and its answer. */
export function stepLine(query: TracedQuery, { index, style }: QueryContext): string {
  const number = String(index + 1).padStart(3);
  const question = style.bold(`${query.name}. ${query.type}`);
  return `${number}  ${question}  ${answerText(query, style)}  ${formatMs(query.ms)}`;
}

/** `NOERROR 10.96.0.50 TTL 30`, coloured by whether there is an answer. */
function answerText(query: TracedQuery, style: Style): string {
  const { rcode, answers, ttl, error } = query;
  if (rcode === undefined) return style.bad(error ?? "timeout");
  if (rcode !== "NOERROR") return style.bad(rcode);
  const data = answers.length > 0 ? style.accent(answers.join(", ")) : "no record";
  const cut = query.truncated ? ", truncated: again by TCP" : "";
  return `${style.good(rcode)} ${data}${ttl === undefined ? "" : ` TTL ${ttl}`}${cut}`;
}

function wayText({ pods }: TracedLookup, { proxy }: TracedQuery): string {
  if (proxy === undefined) return "";
  if (proxy.type === "rejected")
    return `: kube-proxy of ${proxy.node}: ${REJECTIONS[proxy.reason]}`;
  const { endpoint, candidates, draw } = proxy;
  const pod = pods.get(endpoint.ip);
  const name = pod === undefined ? "" : ` = ${pod.namespace}/${pod.name} on ${pod.node}`;
  const drew = draw === undefined ? "drew" : `drew ${draw.toFixed(3)}`;
  const drawn = `${drew} among ${candidates.length}`;
  return ` → ${endpoint.ip}:${endpoint.port}${name} (${drawn})`;
}

function sourceText(resolved: NonNullable<TracedQuery["resolved"]>): string {
  const { plugin, durationMs, resourceVersion } = resolved;
  const source =
    plugin === "cache" ? "from its cache" : `by its plugin ${plugin}, not from its cache`;
  return `answered ${source} in ${formatMs(durationMs)}, resourceVersion ${resourceVersion}`;
}

/** What was found, or why nothing was. */
export function resultLine({ report }: TracedLookup, style: Style): string {
  const { name, answers, failure, hostsFile } = report;
  if (failure !== undefined) return `${style.bad(failure)}: no step had an answer`;
  const found = hostsFile === undefined ? `${name}.` : "/etc/hosts";
  return `${style.good("answer")}: ${found} → ${style.accent(answers.join(", "))}`;
}
