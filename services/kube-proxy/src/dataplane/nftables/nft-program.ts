import type { IpFamily } from "@kubehop/routing";
import { commandText, type NftUnit } from "@kubehop/rules";
import type { KernelCommands } from "../kernel/commands.ts";
import { rulesError } from "../kernel/rule-syncer.ts";

/** Applies commands with the program nft. */
export interface NftProgram {
  /**
   * Applies units in one transaction; where the kernel refuses one so large, in several, between
   * which old and new rules stand together. Rejects with a RulesError.
   */
  apply(units: readonly NftUnit[]): Promise<void>;
}

/**
 * How the kernel refuses a transaction that is larger than the socket's buffer, which a process
 * without the machine's own CAP_NET_ADMIN cannot enlarge.
 */
const TOO_LARGE = /Message too long|No buffer space/;

/** Creates the way by nft to one family's table. */
export function createNftProgram(commands: KernelCommands, family: IpFamily): NftProgram {
  /** Lines the kernel takes in one transaction, as far as is known. */
  let maxLines = Number.POSITIVE_INFINITY;
  return {
    async apply(units) {
      for (let from = 0; from < units.length;) {
        const to = chunkEnd(units, from, maxLines);
        const chunk = units.slice(from, to).flat();
        const input = chunk.map((command) => `${commandText(command, family)}\n`).join("");
        const result = await commands.run(["nft", "-f", "-"], input);
        if (result.code === 0) from = to;
        else if (TOO_LARGE.test(result.stderr) && to - from > 1) {
          maxLines = Math.ceil(chunk.length / 2);
        } else throw rulesError("nft", result, input);
      }
    },
  };
}

/** Up to which unit, at least one, a transaction of so many lines goes. */
function chunkEnd(units: readonly NftUnit[], from: number, maxLines: number): number {
  let lines = units[from]?.length ?? 0;
  let to = from + 1;
  for (; to < units.length; to++) {
    lines += units[to]?.length ?? 0;
    if (lines > maxLines) break;
  }
  return to;
}
