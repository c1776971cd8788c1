import type { ForwardedEvent, HopAddress, HopCandidate, RejectReason } from "@kubehop/api";
import { formatMs } from "./format-ms.ts";
import type { ProxyHop, TracedQuery } from "./join.ts";
import type { Style } from "./style.ts";
import type { Trace } from "./trace-request.ts";

const LABEL_WIDTH = 12;
const MOST_BODY_LINES = 5;
const MOST_CANDIDATES = 12;

/** Why a proxy turned a flow away, in words. */
export const REJECTIONS: Readonly<Record<RejectReason, string>> = {
  NoEndpoints: "the Service has no ready endpoint",
  SourceNotAllowed: "the client is not in the Service's loadBalancerSourceRanges",
  NoLocalEndpoints: "the Service's policy is Local and this node has no ready endpoint",
  DialFailed: "no endpoint accepted the connection",
  LimitReached: "the proxy is at its limit of connections",
};

/** Writes the path of a request hop by hop, as lines for people. */
export function formatLadder(trace: Trace, style: Style): string {
  const { method, request, from } = trace;
  const lines = [
    `${style.bold(`${method} ${request.url}`)}  from pod ${podName(from)} (${from.ip}, ${from.node})`,
    "",
    ...resolverLines(trace, style),
    ...request.queries.flatMap((query, index) => [
      ...queryHead(query, style),
      ...(isSameFlow(query, request.queries[index - 1])
        ? [row("kube-proxy", "the same flow, so the same DNS pod", style)]
        : proxyLines(trace, query.proxy, style)),
      ...queryAnswer(query, style),
    ]),
    ...connectionLines(trace, style),
    ...answerLines(trace, style),
    ...(request.complete
      ? []
      : ["", "Not every hop was told: a proxy or DNS pod was restarting or is lagging."]),
  ];
  return `${lines.join("\n")}\n`;
}

function resolverLines({ request }: Trace, style: Style): string[] {
  if (request.hostsFile !== undefined) {
    return [row("/etc/hosts", `the name is in it: ${request.hostsFile.join(", ")}`, style)];
  }
  if (request.queries.length === 0) return [];
  const { nameservers, search, ndots } = request.resolvConf;
  return [
    row("resolv.conf", `nameserver ${nameservers.join(" ")}   ndots:${ndots}`, style),
    row("", `search ${search.join(" ")}`, style),
  ];
}

function queryHead(query: TracedQuery, style: Style): string[] {
  const question = style.bold(`${query.name} ${query.type}`);
  return [
    "",
    row("DNS query", `${question}  ${flow(query.protocol, query.local, query.server)}`, style),
  ];
}

/** Queries of one socket are one flow: the proxy decided once. */
function isSameFlow(query: TracedQuery, before: TracedQuery | undefined): boolean {
  return query.proxy !== undefined && query.proxy === before?.proxy;
}

function queryAnswer(query: TracedQuery, style: Style): string[] {
  const { resolved } = query;
  const took = `after ${formatMs(query.ms)}`;
  const lines: string[] = [];
  if (resolved !== undefined) {
    const { plugin, durationMs, resourceVersion } = resolved;
    const text = `plugin ${plugin} answers in ${formatMs(durationMs)}, resourceVersion ${resourceVersion}`;
    lines.push(row("DNS pod", text, style));
  }
  if (query.rcode === undefined) {
    lines.push(row("no answer", style.bad(`${query.error ?? "timeout"} ${took}`), style));
  } else {
    const addresses = query.answers.length > 0 ? query.answers.join(", ") : "no address";
    const text = `${rcode(query.rcode, style)} ${style.accent(addresses)}  ${took}`;
    lines.push(row("answer", text, style));
  }
  return lines;
}

function connectionLines(trace: Trace, style: Style): string[] {
  const { failedConnections, connection } = trace.request;
  const failures = failedConnections.flatMap((failure) => [
    "",
    row(
      "TCP",
      `${address(failure.remote)}: ${style.bad(failure.error)} after ${formatMs(failure.ms)}`,
      style,
    ),
    ...proxyLines(trace, failure.proxy, style),
  ]);
  if (connection === undefined) return failures;
  const { local, remote, connectMs, proxy } = connection;
  const lines = [
    ...failures,
    "",
    row(
      "TCP",
      `${address(local)} → ${address(remote)}  connected in ${formatMs(connectMs)}`,
      style,
    ),
    ...proxyLines(trace, proxy, style),
  ];
  const direct = proxy === undefined ? trace.pods.get(remote.ip) : undefined;
  if (direct !== undefined)
    lines.push(row("pod", `${podName(direct)} on ${direct.node}, without a proxy`, style));
  return lines;
}

function answerLines({ request }: Trace, style: Style): string[] {
  const { response, error } = request;
  if (error !== undefined) return ["", row("failed", style.bad(error.message), style)];
  if (response === undefined) return [];
  const body = response.body.trimEnd().split("\n");
  const shown = body.slice(0, MOST_BODY_LINES).map((line) => row("", line, style));
  const ok = response.status < 400 ? style.good : style.bad;
  return [
    "",
    row("answer", `${ok(`HTTP ${response.status}`)} in ${formatMs(response.ms)}`, style),
    ...shown,
  ];
}

function proxyLines(trace: Trace, hop: ProxyHop | undefined, style: Style): string[] {
  if (hop === undefined) return [];
  const label = "kube-proxy";
  if (hop.type === "rejected") {
    const service = hop.service === undefined ? "" : `${hop.service}: `;
    return [
      row(
        label,
        `${hop.node}: ${style.bad(`${service}${REJECTIONS[hop.reason]}`)}, resourceVersion ${hop.resourceVersion}`,
        style,
      ),
    ];
  }
  const pod = trace.pods.get(hop.endpoint.ip);
  const target = pod === undefined ? "" : `  = pod ${podName(pod)} on ${pod.node}`;
  return [
    row(
      label,
      `${hop.node}: ${style.bold(hop.service)} → ${style.accent(address(hop.endpoint))}${target}`,
      style,
    ),
    row("", choice(hop), style),
    ...candidateLines(trace, hop, style),
    row(
      "",
      `from ${address(hop.upstream)}${hop.connectMs === undefined ? "" : `, connected in ${formatMs(hop.connectMs)}`}, resourceVersion ${hop.resourceVersion}`,
      style,
    ),
  ];
}

function choice({ affinity, draw, candidates }: ForwardedEvent): string {
  const count = candidates.length === 1 ? "1 endpoint" : `${candidates.length} endpoints`;
  if (affinity) return `session affinity keeps the endpoint (${count})`;
  if (draw === undefined) return `the kernel drew one of ${count}:`;
  return `drew ${draw.toFixed(3)} among ${count}:`;
}

/** Each candidate with its part of [0, 1): the draw falls into the chosen one's. */
function candidateLines(trace: Trace, hop: ForwardedEvent, style: Style): string[] {
  let begin = 0;
  const lines = hop.candidates.map((candidate) => {
    const end = begin + candidate.probability;
    const range = `${begin.toFixed(3)}–${end.toFixed(3)}`;
    begin = end;
    return row("", candidateText(trace, hop, candidate, range), style);
  });
  const more = lines.length - MOST_CANDIDATES;
  return more > 0
    ? [...lines.slice(0, MOST_CANDIDATES), row("", `  and ${more} more`, style)]
    : lines;
}

function candidateText(
  trace: Trace,
  { endpoint }: ForwardedEvent,
  candidate: HopCandidate,
  range: string,
): string {
  const chosen = candidate.ip === endpoint.ip && candidate.port === endpoint.port;
  const pod = trace.pods.get(candidate.ip);
  const share = `weight ${candidate.weight}, ${(candidate.probability * 100).toFixed(1)} %`;
  const where = pod === undefined ? "" : `  ${podName(pod)}`;
  return `${chosen ? "▸" : " "} ${address(candidate).padEnd(19)} ${range}  ${share}${where}`;
}

function row(label: string, text: string, style: Style): string {
  return `  ${style.dim(label.padEnd(LABEL_WIDTH))}${text}`.trimEnd();
}

function flow(protocol: string, from: HopAddress, to: HopAddress): string {
  return `${protocol} ${address(from)} → ${address(to)}`;
}

function address({ ip, port }: HopAddress): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function rcode(text: string, style: Style): string {
  return text === "NOERROR" ? style.good(text) : style.bad(text);
}

function podName({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}
