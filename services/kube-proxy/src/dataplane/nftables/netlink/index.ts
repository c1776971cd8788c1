import { getSystemErrorMessage, getSystemErrorName } from "node:util";
import type { IpFamily } from "@kubehop/routing";
import { commandText, type NftCommand } from "@kubehop/rules";
import { RulesError } from "../../kernel/rule-syncer.ts";
import { readAnswers } from "./answers.ts";
import { NotEncodable } from "./attributes.ts";
import { type NetfilterSocket, openNetfilterSocket } from "./socket.ts";
import { encodeTransaction, type Transaction } from "./transaction.ts";

/**
 * Changes the table kube-proxy in the kernel without nft, which reads the chains and sets of all
 * tables before it adds one rule.
 */
export interface NetlinkTable extends AsyncDisposable {
  /**
   * Applies commands in one transaction. Gives why they are left to nft, which is then to be asked:
   * there is one that cannot be put into messages, or they are too many. Rejects with a RulesError
   * when the kernel refuses; then nothing of it is done.
   */
  apply(commands: readonly NftCommand[]): Promise<string | undefined>;
}

/** Opens the way to one family's table. Rejects where this machine has none. */
export async function openNetlinkTable(family: IpFamily): Promise<NetlinkTable> {
  return createNetlinkTable(family, await openNetfilterSocket());
}

/** The same over a socket that is open. */
export function createNetlinkTable(family: IpFamily, socket: NetfilterSocket): NetlinkTable {
  let sequence = 0;
  let maps = 0;
  const nextName = (): string => `__kubehop-${process.pid}-${maps++}`;

  function encode(commands: readonly NftCommand[]): Transaction | string {
    try {
      const transaction = encodeTransaction(commands, { family, sequence, nextName });
      sequence = (transaction.last + 2) % SEQUENCES;
      const { length } = transaction.bytes;
      return length <= MAX_OCTETS ? transaction : `a transaction of ${length} octets`;
    } catch (error) {
      if (error instanceof NotEncodable) return error.message;
      throw error;
    }
  }

  return {
    async apply(commands) {
      if (commands.length === 0) return undefined;
      const transaction = encode(commands);
      if (typeof transaction === "string") return transaction;
      await commit(socket, transaction, family);
      return undefined;
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}

/**
 * What a socket's buffer surely takes: by default it has 212,992 octets, and only a process with the
 * machine's own CAP_NET_ADMIN could have more.
 */
const MAX_OCTETS = 128 * 1024;
/** Numbers of messages begin again from 0 long before they are too large for 32 bits. */
const SEQUENCES = 2 ** 31;

async function commit(
  socket: NetfilterSocket,
  transaction: Transaction,
  family: IpFamily,
): Promise<void> {
  const answers = await exchange(socket, transaction.bytes);
  const refusal = answers.find(({ error }) => error !== 0);
  if (refusal !== undefined) {
    const command = transaction.commandOf(refusal.sequence);
    const where = command === undefined ? "" : `; it was given: ${commandText(command, family)}`;
    const { error } = refusal;
    const reason = `${getSystemErrorName(error)} (${getSystemErrorMessage(error)})`;
    throw new RulesError(`the kernel refused a change of nf_tables: ${reason}${where}`);
  }
  if (answers.every(({ sequence }) => sequence !== transaction.last)) {
    throw new RulesError("the kernel has not said whether it made a change of nf_tables");
  }
}

async function exchange(socket: NetfilterSocket, bytes: Buffer) {
  try {
    await socket.send(bytes);
    return socket.receive().flatMap(readAnswers);
  } catch (error) {
    const { message } = error as Error;
    throw new RulesError(`a change of nf_tables did not reach the kernel: ${message}`, {
      cause: error,
    });
  }
}
