import type { NodeCommand } from "@kubehop/lab";
import type { Readable, Writable } from "node:stream";

/** What a lab that starts in the background tells the command that waits for it. */
export type LauncherMessage =
  | { readonly type: "progress"; readonly message: string; readonly elapsedMs: number }
  | { readonly type: "ready"; readonly text: string };

/** The command that started this process in the background. */
export interface WaitingParent {
  readonly send: (message: LauncherMessage) => void;
  /** Aborts when it has gone. */
  readonly lost: AbortSignal;
}

/** What a command has of the process it runs in. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether standard output is a terminal that may show colours. */
  readonly colour: boolean;
  /** The Node.js that runs this and every process of a lab, with its flags. */
  readonly node: NodeCommand;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Absent in the foreground. */
  readonly parent?: WaitingParent;
  /** The code the process will end with; 0 unless a command sets it. */
  readonly setExitCode: (code: number) => void;
}
