import { createStyle, findPod, traceLookup } from "@kubehop/trace";
import { Argument, type Command, InvalidArgumentError } from "commander";
import type { CliContext } from "../context.ts";
import { formatDig } from "../dig/format-dig.ts";
import { toDigJson } from "../dig/to-json.ts";
import { accessCluster } from "../lab-access.ts";
import { sampleApp } from "../sample-app.ts";
import { withName, withNamespace, withOutput } from "./options.ts";

interface DigArguments {
  readonly name: string;
  readonly namespace: string;
  readonly output: "text" | "json";
  readonly from: string;
}

const TYPES = ["A", "AAAA", "CNAME", "SRV", "PTR", "TXT", "MX", "NS", "SOA"];

/** `kubehop dig`: looks a name up as a pod does and prints every query. Exit code 1 without answer. */
export function addDig(program: Command, context: CliContext): void {
  withOutput(withNamespace(withName(program.command("dig"))))
    .description(
      "look a name up from a pod: each search step, DNS pod, answer, TTL and cache state",
    )
    .argument("<hostname>", "e.g. my-api; PTR takes an address, too")
    .addArgument(
      new Argument("[type]", "the record type; default A and AAAA, as programs ask").argParser(
        parseType,
      ),
    )
    .option("--from <target>", "the pod that asks: POD, deploy/NAME or sts/NAME", "deploy/client")
    .action(async (name: string, type: string | undefined, given: DigArguments) => {
      await using access = await accessCluster(context, given.name);
      const { rest, server } = access;
      const pod = await findPod(rest, given.namespace, given.from);
      const { signal } = context;
      const question = { name, ...(type === undefined ? {} : { type }) };
      const lookup = sampleApp(context, "lookup");
      const dig = await traceLookup({ rest, server, lookup, pod, signal, ...question });
      context.stdout.write(
        given.output === "json"
          ? `${JSON.stringify(toDigJson(dig), undefined, 2)}\n`
          : formatDig(dig, createStyle(context.colour)),
      );
      if (dig.report.failure !== undefined) context.setExitCode(1);
    });
}

function parseType(text: string): string {
  const type = text.toUpperCase();
  if (TYPES.includes(type)) return type;
  throw new InvalidArgumentError(`It must be one of ${TYPES.join(", ")}.`);
}
