import { createStyle, findPod, traceLookup } from "@kubehop/trace";
import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { explainName, readNameCluster } from "../dig/explain-name.ts";
import { formatName } from "../dig/format-name.ts";
import { toDigJson } from "../dig/to-json.ts";
import { explainService } from "../explain/explain-service.ts";
import { type ExplainedCluster, readExplainedCluster } from "../explain/explained-cluster.ts";
import { formatExplanation } from "../explain/format-explanation.ts";
import { accessCluster, type ClusterAccess } from "../lab-access.ts";
import { sampleApp } from "../sample-app.ts";
import { withName, withNamespace, withOutput } from "./options.ts";

interface ExplainArguments {
  readonly name: string;
  readonly namespace: string;
  readonly output: "text" | "json";
  readonly from?: string;
  readonly node?: string;
}

const SERVICE = /^(?:svc|service|services)\/(.+)$/;

/**
 * `kubehop explain`: why connections to a Service, or queries for a name, go where they go. Exit
 * code 1 when they can't.
 */
export function addExplain(program: Command, context: CliContext): void {
  withOutput(withNamespace(withName(program.command("explain"))))
    .description("say why a Service or a name behaves as it does, and what is wrong with it")
    .argument("<what>", "svc/NAME, or dns and a host name")
    .argument("[hostname]", "after dns: the name, e.g. my-api")
    .option(
      "--from <target>",
      "the pod that connects or asks: POD, deploy/NAME or sts/NAME; dns: default deploy/client",
    )
    .option("--node <node>", "svc: as the proxy of this node sees it; default the first node")
    .action(async (what: string, hostname: string | undefined, given: ExplainArguments) => {
      const service = SERVICE.exec(what)?.[1];
      await using access = await accessCluster(context, given.name);
      if (what === "dns" && hostname !== undefined) {
        await explainDns({ context, access, given }, hostname);
      } else if (service !== undefined && hostname === undefined) {
        await explainSvc({ context, access, given }, service);
      } else {
        throw new CliError(
          `"${[what, hostname ?? ""].join(" ").trim()}" is nothing to explain.`,
          "Write svc/NAME, or dns HOSTNAME.",
        );
      }
    });
}

interface Explaining {
  readonly context: CliContext;
  readonly access: ClusterAccess;
  readonly given: ExplainArguments;
}

async function explainDns({ context, access, given }: Explaining, name: string): Promise<void> {
  const { rest, server } = access;
  const pod = await findPod(rest, given.namespace, given.from ?? "deploy/client");
  const { signal } = context;
  const lookup = sampleApp(context, "lookup");
  const [dig, cluster] = await Promise.all([
    traceLookup({ rest, server, lookup, pod, signal, name }),
    readNameCluster(rest),
  ]);
  const explanation = explainName(dig, cluster);
  context.stdout.write(
    given.output === "json"
      ? toJsonText({ ...toDigJson(dig), ...explanation })
      : formatName(dig, explanation, createStyle(context.colour)),
  );
  if (dig.report.failure !== undefined) context.setExitCode(1);
}

async function explainSvc({ context, access, given }: Explaining, name: string): Promise<void> {
  const cluster = await readExplainedCluster(access.rest, { namespace: given.namespace, name });
  const explanation = explainService(cluster, await findNode(access, cluster, given));
  context.stdout.write(
    given.output === "json"
      ? toJsonText(explanation)
      : formatExplanation(explanation, createStyle(context.colour)),
  );
  const broken = explanation.findings.some(({ severity }) => severity === "error");
  if (broken) context.setExitCode(1);
}

function toJsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function findNode(
  { rest }: ClusterAccess,
  { nodes }: ExplainedCluster,
  { namespace, from, node }: ExplainArguments,
): Promise<string> {
  const names = nodes.map(({ metadata }) => metadata.name);
  const wanted = from === undefined ? node : (await findPod(rest, namespace, from)).spec.nodeName;
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  const [first] = names;
  if (wanted === undefined && from === undefined && first !== undefined) return first;
  throw new CliError(
    wanted === undefined ? `${from} runs on no node yet.` : `There is no node "${wanted}".`,
    `Nodes: ${names.join(", ")}`,
  );
}
