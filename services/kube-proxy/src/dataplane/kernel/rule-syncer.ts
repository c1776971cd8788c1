import type { IpFamily, TableDiff } from "@kubehop/routing";
import type { RulesContext } from "@kubehop/rules";
import type { Logger } from "@kubehop/kit";
import type { SyncKind } from "../dataplane.ts";
import type { CommandResult, KernelCommands } from "./commands.ts";
import type { KernelStats } from "./kernel-stats.ts";

/** Keeps one IP family's rules in the kernel at what a service table says. */
export interface RuleSyncer extends AsyncDisposable {
  readonly family: IpFamily;
  /**
   * Takes in what differs from the table before and applies it; everything is written anew the
   * first time, after a failure and after `invalidate`. Rejects when the kernel takes it not.
   */
  sync(diff: TableDiff): Promise<SyncKind>;
  /** The rules are to be written anew with the next sync. */
  invalidate(): void;
  /** Whether the rules are still where they were put. */
  isIntact(): Promise<boolean>;
}

/** What a syncer is made of. */
export interface RuleSyncerOptions {
  readonly commands: KernelCommands;
  readonly context: RulesContext;
  readonly stats: KernelStats;
  readonly logger: Logger;
}

/** Creates the syncer of a family. */
export type CreateRuleSyncer = (options: RuleSyncerOptions) => RuleSyncer;

/** A command of the kernel's tools failed. */
export class RulesError extends Error {
  override readonly name = "RulesError";
}

/** An error that says which tool failed, why and, where it tells, at which line of its input. */
export function rulesError(
  tool: string,
  { code, stderr }: CommandResult,
  input: string,
): RulesError {
  const said = stderr.trim().split("\n").slice(0, 3).join("; ");
  const number = Number(/(?:line |:)(\d+)/.exec(stderr)?.[1]);
  const line = input.split("\n")[number - 1];
  const where = line === undefined ? "" : `; it was given: ${line}`;
  return new RulesError(`${tool} ended with ${code ?? "no exit code"}: ${said}${where}`);
}
