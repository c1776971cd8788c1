import { parseFlags } from "./flags.ts";
import type { Flags, FlagSpecs } from "./flags.ts";

/** What a role gets from its process. Nothing below `main.ts` touches `process`. */
export interface RoleContext {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts at SIGTERM or SIGINT: finish what is under way, then return. */
  readonly signal: AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** One program of the image: `sample-app <name> [flags] [operands]`. */
export interface Role {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** What stands after the flags, e.g. "URL"; empty when nothing may. */
  readonly operands: string;
  readonly flags: FlagSpecs;
  /** Runs until done or until the signal aborts; resolves to the exit code. Throws UsageError. */
  run(context: RoleContext): Promise<number>;
}

interface RoleDefinition<S extends FlagSpecs> {
  name: string;
  summary: string;
  operands?: string;
  flags: S;
  run(context: RoleContext, flags: Flags<S>, operands: readonly string[]): Promise<number>;
}

/** Ties a role's flags to the values its `run` gets. */
export function defineRole<S extends FlagSpecs>(definition: RoleDefinition<S>): Role {
  const { name, summary, operands = "", flags: specs } = definition;
  const run = async (context: RoleContext): Promise<number> => {
    const parsed = parseFlags(specs, context.args);
    return definition.run(context, parsed.flags, parsed.operands);
  };
  return { name, summary, operands, flags: specs, run };
}
