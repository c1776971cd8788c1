import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { runLabInForeground } from "../foreground-lab.ts";
import { followWarnings } from "../warnings.ts";
import { type LabArguments, toLabOptions, withLabOptions } from "./lab-arguments.ts";
import { collect, wholeNumber } from "./options.ts";

interface ContainerLabArguments extends LabArguments {
  readonly apiAddress: string;
  readonly altName: readonly string[];
  readonly gatewayPort?: number;
  readonly uplink?: string;
}

/** `kubehop lab`: a lab as the one process of a container. */
export function addLab(program: Command, context: CliContext): void {
  withLabOptions(program.command("lab"), { apiPort: 6_443 })
    .description("a lab as a container's process: reachable from outside, its warnings on stdout")
    .option("--api-address <address>", "where the API server and the gateway listen", "0.0.0.0")
    .option(
      "--alt-name <name>",
      "a name or address the certificates are for, too; may be repeated",
      collect,
      [],
    )
    .option(
      "--gateway-port <port>",
      "serve tunnels to the Services' addresses here, to administrators alone",
      wholeNumber(0, 65_535),
    )
    .option("--uplink <folder>", "let relays in pods out, through a socket in this folder")
    .action(async (given: ContainerLabArguments) => {
      const { apiAddress, altName, gatewayPort, uplink } = given;
      const options = {
        ...toLabOptions(context, given),
        hostAddress: apiAddress,
        altNames: altName,
        ...(gatewayPort === undefined ? {} : { gatewayPort }),
        ...(uplink === undefined ? {} : { uplink }),
      };
      await runLabInForeground(context, options, async (lab) => {
        context.stdout.write(`lab "${lab.name}" is ready, API server ${lab.server}\n`);
        followWarnings(lab.directory, context.stdout, context.signal);
      });
    });
}
