import type { Command } from "commander";
import { createStyle, findPod, formatLadder, type Trace, traceRequest } from "@kubehop/trace";
import type { CliContext } from "../context.ts";
import { accessCluster } from "../lab-access.ts";
import { sampleApp } from "../sample-app.ts";
import { withName, withNamespace, withOutput } from "./options.ts";

interface TraceArguments {
  readonly name: string;
  readonly namespace: string;
  readonly output: "text" | "json";
  readonly from: string;
}

/** `kubehop trace`: sends one request from a pod and prints every hop of it. */
export function addTrace(program: Command, context: CliContext): void {
  withOutput(withNamespace(withName(program.command("trace"))))
    .description("send one request from a pod and show every hop: DNS, proxies, draws, endpoint")
    .argument("<url>", "e.g. http://my-api/hello")
    .option("--from <target>", "the pod that asks: POD, deploy/NAME or sts/NAME", "deploy/client")
    .action(async (url: string, given: TraceArguments) => {
      await using access = await accessCluster(context, given.name);
      const { rest, server } = access;
      const pod = await findPod(rest, given.namespace, given.from);
      const { signal } = context;
      const fetch = sampleApp(context, "fetch");
      const trace = await traceRequest({ rest, server, fetch, pod, url, signal });
      context.stdout.write(
        given.output === "json"
          ? `${JSON.stringify(toJson(trace), undefined, 2)}\n`
          : formatLadder(trace, createStyle(context.colour)),
      );
      if (trace.request.error !== undefined) context.setExitCode(1);
    });
}

/** The stable JSON form of `kubehop trace -o json`: pods that the trace names stand under `pods`. */
export function toJson({ method, from, request, pods }: Trace): unknown {
  const hops = [...request.queries, request.connection].map((flow) => flow?.proxy);
  const named = hops.flatMap((hop) =>
    hop?.type === "forwarded" ? hop.candidates.map(({ ip }) => ip) : [],
  );
  const direct = request.connection?.remote.ip;
  const ips = new Set(direct === undefined ? named : [...named, direct]);
  return { method, from, ...request, pods: [...ips].flatMap((ip) => pods.get(ip) ?? []) };
}
