import type { Command } from "commander";
import { writeClusterCredentials } from "@kubehop/lab";
import { CliError } from "../cli-error.ts";
import type { CliContext } from "../context.ts";
import { collect } from "./options.ts";

interface CredentialsArguments {
  readonly apiServer: string;
  readonly apiServerOutside: string;
  readonly apiServerAddress: readonly string[];
  readonly busPort: string;
  readonly busStore: string;
  readonly node: readonly string[];
}

/** `kubehop credentials`: what the components of a cluster in containers need, a folder each. */
export function addCredentials(program: Command, context: CliContext): void {
  program
    .command("credentials")
    .description("write certificates, kubeconfigs and passwords of a cluster, a folder a component")
    .argument("<folder>", "where to; what is kept there is used again")
    .requiredOption("--api-server <url>", "where components reach the API server")
    .requiredOption("--api-server-outside <url>", "where the user reaches it")
    .option(
      "--api-server-address <address>",
      "a further address of it; may be repeated",
      collect,
      [],
    )
    .option("--bus-port <port>", "port of nats-server", "4222")
    .option("--bus-store <folder>", "where nats-server keeps the registry", "/data")
    .option("--node <name=address>", "a node; may be repeated", collect, [])
    .action(async (directory: string, given: CredentialsArguments) => {
      await writeClusterCredentials({
        directory,
        apiServer: given.apiServer,
        apiServerOutside: given.apiServerOutside,
        apiServerAddresses: given.apiServerAddress,
        bus: { port: Number(given.busPort), storeDirectory: given.busStore },
        nodes: given.node.map(toNode),
      });
      context.stdout.write(`credentials written to ${directory}\n`);
    });
}

function toNode(text: string): { name: string; ip: string } {
  const [name = "", ip = "", ...rest] = text.split("=");
  if (name !== "" && ip !== "" && rest.length === 0) return { name, ip };
  throw new CliError(`"${text}" is no node.`, "Write --node node-1=172.31.0.11.");
}
