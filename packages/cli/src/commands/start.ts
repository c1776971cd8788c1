import type { Command } from "commander";
import { createRestClient, loadKubeconfig } from "@kubehop/client";
import { dataPath } from "@kubehop/kit/programs";
import { type RunningLab, VERSION } from "@kubehop/lab";
import { createStyle, findPod, formatLadder, traceRequest } from "@kubehop/trace";
import type { CliContext } from "../context.ts";
import { describeLab, runLabInForeground } from "../foreground-lab.ts";
import { sampleApp } from "../sample-app.ts";
import { type LabArguments, toLabOptions, withLabOptions } from "./lab-arguments.ts";

const EXAMPLES = dataPath("examples");
const URL = "http://my-api/hello";
const FROM = "deploy/client";

/** `kubehop start`: a lab with the examples, and the path of one request through it. */
export function addStart(program: Command, context: CliContext): void {
  withLabOptions(program.command("start"))
    .description(
      `start a lab with the examples, show the path of one "curl ${URL}", stay until Ctrl-C`,
    )
    .action(async (given: LabArguments) => {
      const options = toLabOptions(context, { ...given, file: [EXAMPLES, ...given.file] });
      await runLabInForeground(context, options, async (lab) => {
        context.stdout.write(
          `${await tracedExample(context, lab)}\n${describeLab(lab)}Ctrl-C ends the lab.\n`,
        );
      });
    });
}

async function tracedExample(context: CliContext, lab: RunningLab): Promise<string> {
  const server = loadKubeconfig(lab.kubeconfig);
  await using rest = createRestClient({ ...server, userAgent: `kubehop/${VERSION}` });
  const pod = await findPod(rest, "default", FROM);
  const { signal } = context;
  const fetch = sampleApp(context, "fetch");
  const trace = await traceRequest({ rest, server, fetch, pod, url: URL, signal });
  return formatLadder(trace, createStyle(context.colour));
}
