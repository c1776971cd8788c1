import { type ChildProcess, spawn } from "node:child_process";

/** What a command said and how it ended. */
export interface CommandResult {
  /** Exit code; undefined when it could not be started or was killed. */
  readonly code: number | undefined;
  readonly stdout: string;
  /** Standard error, or why it could not be started. */
  readonly stderr: string;
}

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** The kernel's tools. */
export interface KernelCommands {
  /** Runs a command to its end, with `input` as its standard input; never rejects. */
  run(command: Command, input?: string): Promise<CommandResult>;
  /** Runs a command that goes on, and hands on each line of its output; disposing ends it. */
  follow(command: Command, onLine: (line: string) => void): Disposable;
}

/** A command that has not ended by then is killed. */
const TIMEOUT_MS = 60_000;

/** The commands of this machine, found by PATH, in this process's network namespace. */
export const systemCommands: KernelCommands = {
  run([program, ...args], input = "") {
    const { promise, resolve } = Promise.withResolvers<CommandResult>();
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MS });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
    }
    child.once("error", ({ message }) => resolve({ ...output, code: undefined, stderr: message }));
    child.once("close", (code, signal) => {
      const killed = signal === null ? "" : `${program} was ended by ${signal}`;
      resolve({ ...output, code: code ?? undefined, stderr: output.stderr || killed });
    });
    // A command that ends before it has read everything says why itself.
    child.stdin.on("error", () => {}).end(input);
    return promise;
  },
  follow([program, ...args], onLine) {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
    child.on("error", () => {});
    readLines(child, onLine);
    return { [Symbol.dispose]: () => void child.kill("SIGKILL") };
  },
};

function readLines({ stdout }: ChildProcess, onLine: (line: string) => void): void {
  let rest = "";
  stdout?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(onLine);
  });
}
