import { programFile } from "@kubehop/kit/programs";
import type { CliContext } from "./context.ts";

/** The command that runs a role of the sample app inside a pod: pods see the programs of ours. */
export function sampleApp({ node }: CliContext, role: string): string[] {
  return [...node, programFile("sample-app"), role];
}
