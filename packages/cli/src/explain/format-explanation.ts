import type { Style } from "@kubehop/trace";
import { formatTable } from "../output/table.ts";
import type {
  EndpointExplanation,
  Finding,
  PortExplanation,
  ServiceExplanation,
} from "./explanation.ts";

/** States in words; what serves needs none. */
const STATES: Readonly<Record<EndpointExplanation["state"], string>> = {
  Serving: "in",
  ServingLast: "in",
  NotReady: "out: not ready",
  Terminating: "out: terminating",
  WeightZero: "out: weight 0",
  HintedElsewhere: "out: topology hints",
  NotLocal: "out: other node",
  Finished: "out: ended",
  NoAddress: "out: no address",
  NoPort: "out: no such port",
  NotListed: "out: not listed",
};

/** A column that would be empty is left out. */
const HEADINGS = ["ENDPOINT", "POD", "NODE", "ZONE", "WEIGHT", "SHARE", "STATE"];

/** Writes an explanation as lines for people. */
export function formatExplanation(explanation: ServiceExplanation, style: Style): string {
  const { service, node, ports, findings } = explanation;
  const selector = Object.entries(service.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  const lines = [
    `${style.bold(`Service ${service.namespace}/${service.name}`)}  ${service.type}  ` +
      `${service.clusterIPs.join(", ") || (service.externalName ?? "")}, seen from ${node}`,
    ...(selector.length > 0 ? [`selector ${selector.join(",")}`] : []),
    ...ports.flatMap((port) => ["", ...portLines(port, style)]),
    "",
    ...tableLines(explanation, style),
    ...(findings.length > 0 ? [""] : []),
    ...findings.flatMap((finding) => findingLines(finding, style)),
  ];
  return `${lines.join("\n")}\n`;
}

function portLines(port: PortExplanation, style: Style): string[] {
  const name = port.name === "" ? "" : `${port.name} `;
  const nodePort = port.nodePort === undefined ? "" : `, NodePort ${port.nodePort}`;
  const policy = port.policy === "Local" ? ", policy Local" : "";
  const affinity = port.affinity ? ", session affinity ClientIP" : "";
  const title = `${name}${port.port}/${port.protocol} → ${port.targetPort}`;
  const head = `${style.accent(title)}${nodePort}${policy}${affinity}`;
  if (port.endpoints.length === 0) return [head, "  no endpoint"];
  const rows = port.endpoints.map((endpoint) => [
    endpoint.address ?? "",
    endpoint.pod ?? "",
    endpoint.node ?? "",
    endpoint.zone ?? "",
    String(endpoint.weight),
    endpoint.probability === undefined ? "" : `${(endpoint.probability * 100).toFixed(1)} %`,
    stateText(endpoint),
  ]);
  const filled = HEADINGS.map((_, column) => rows.some((row) => row[column] !== ""));
  const cut = (row: readonly string[]): string[] => row.filter((_, column) => filled[column]);
  const table = formatTable(cut(HEADINGS), rows.map(cut));
  return [
    head,
    ...table
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
  ];
}

function stateText({ state, reason }: EndpointExplanation): string {
  return reason === "" ? STATES[state] : `${STATES[state]}: ${reason}`;
}

function tableLines({ service, tables }: ServiceExplanation, style: Style): string[] {
  if (service.type === "ExternalName") return [];
  const states = tables.map(({ node, resourceVersion, state }) => {
    const mark = state === "current" ? style.good : style.bad;
    return `${node} ${mark(state)}${resourceVersion === undefined ? "" : ` (${resourceVersion})`}`;
  });
  return [`kube-proxy tables: ${states.join(", ")}`];
}

function findingLines({ severity, message, next }: Finding, style: Style): string[] {
  const mark = severity === "info" ? style.dim("note") : style.bad(severity);
  return [`${mark}: ${message}`, ...(next === undefined ? [] : [`  ${next}`])];
}
