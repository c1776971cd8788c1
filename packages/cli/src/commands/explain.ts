import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { explainService } from "../explain/explain-service.ts";
import { type ExplainedCluster, readExplainedCluster } from "../explain/explained-cluster.ts";
import { formatExplanation } from "../explain/format-explanation.ts";
import { accessCluster, type ClusterAccess } from "../lab-access.ts";
import { createStyle } from "@kubehop/trace";
import { findPod } from "@kubehop/trace";
import { withName, withNamespace, withOutput } from "./options.ts";

interface ExplainArguments {
  readonly name: string;
  readonly namespace: string;
  readonly output: "text" | "json";
  readonly from?: string;
  readonly node?: string;
}

const SERVICE = /^(?:svc|service|services)\/(.+)$/;

/** `kubehop explain`: why connections to a Service go where they go. Exit code 1 when one can't. */
export function addExplain(program: Command, context: CliContext): void {
  withOutput(withNamespace(withName(program.command("explain"))))
    .description(
      "say which endpoints of a Service get connections, why each is in or out, and what is wrong",
    )
    .argument("<service>", "svc/NAME")
    .option(
      "--from <target>",
      "as the proxy of this pod's node sees it: POD, deploy/NAME or sts/NAME",
    )
    .option("--node <node>", "as the proxy of this node sees it; default the first node")
    .action(async (target: string, given: ExplainArguments) => {
      const name = SERVICE.exec(target)?.[1];
      if (name === undefined) {
        throw new CliError(`"${target}" is nothing to explain.`, "Write svc/NAME.");
      }
      await using access = await accessCluster(context, given.name);
      const cluster = await readExplainedCluster(access.rest, { namespace: given.namespace, name });
      const explanation = explainService(cluster, await findNode(access, cluster, given));
      context.stdout.write(
        given.output === "json"
          ? `${JSON.stringify(explanation, undefined, 2)}\n`
          : formatExplanation(explanation, createStyle(context.colour)),
      );
      const broken = explanation.findings.some(({ severity }) => severity === "error");
      if (broken) context.setExitCode(1);
    });
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
