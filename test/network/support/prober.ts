import { spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = join(import.meta.dirname, "../programs/prober.ts");

/** An address of a Service or pod. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly timeoutMs?: number;
  readonly localPort?: number;
}

/** A connection that is used step by step. */
export interface Session {
  say(text: string): Promise<string>;
  finish(): Promise<string>;
  outcome(): Promise<string>;
}

/** What became of the connections of a load. */
export interface LoadResult {
  readonly seconds: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** A client in the network of a pod, of a node or outside; see programs/prober.ts. */
export interface Prober extends AsyncDisposable {
  readonly name: string;
  /** Connects, sends, reads to the end: what was received, or REFUSED, TIMEOUT, RESET, a code. */
  tcp(target: Target & { readonly send?: string }): Promise<string>;
  /** Sends one datagram and gives the answer, or a word. */
  udp(target: Target & { readonly send: string }): Promise<string>;
  http(
    url: string,
    options?: { readonly method?: string; readonly body?: string },
  ): Promise<{ status: number; headers: Record<string, string>; body: string }>;
  /**
   * How many of `count` connections had which outcome's first word: the pod's name. The ports are
   * taken in turn.
   */
  spread(options: {
    readonly host: string;
    readonly ports: readonly number[];
    readonly count: number;
    readonly concurrency: number;
  }): Promise<Record<string, number>>;
  /**
   * Makes connections at a fixed rate, `maxOpen` of them at a time, until `endLoad`: how many went
   * well (`ok`), or failed how.
   */
  load(target: Target & { readonly rate: number; readonly maxOpen: number }): Promise<LoadResult>;
  endLoad(): Promise<void>;
  bulk(target: Target & { readonly bytes: number }): Promise<string>;
  /** Opens a connection; rejects with the word when it cannot be made. */
  open(target: Target): Promise<Session>;
}

/** Which host name a process sees, as the kernel names it. */
function utsOf(pid: number | "self"): string {
  return readlinkSync(`/proc/${pid}/ns/uts`);
}

/** Starts a prober in the network, files and names of a process of this host. */
export function startProber(name: string, pid: number): Prober {
  const into = ["-t", String(pid), "-U", "--preserve-credentials", "-n", "-m"];
  // A node has this machine's name, which an ordinary user may not enter again.
  if (utsOf(pid) !== utsOf("self")) into.push("-u");
  const child = spawn("nsenter", [...into, process.execPath, PROGRAM], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  let hasEnded = false;
  const ended = (): Error => new Error(`prober ${name} has ended`);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, value, error } = JSON.parse(line) as { id: number; value: unknown; error?: string };
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(value);
    else one?.reject(new Error(`${name}: ${error}`));
  });
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      hasEnded = true;
      for (const one of waiting.values()) one.reject(ended());
      resolve();
    });
  });
  function ask<T>(op: string, parameters: object): Promise<T> {
    if (hasEnded) return Promise.reject(ended());
    const answer = Promise.withResolvers<unknown>();
    last += 1;
    waiting.set(last, answer);
    child.stdin.write(`${JSON.stringify({ id: last, op, ...parameters })}\n`);
    return answer.promise as Promise<T>;
  }
  return {
    name,
    tcp: (target) => ask("tcp", target),
    udp: (target) => ask("udp", target),
    http: (url, options = {}) => ask("http", { url, ...options }),
    spread: (options) => ask("spread", options),
    load: (target) => ask("load", target),
    endLoad: () => ask("endLoad", {}),
    bulk: (target) => ask("bulk", target),
    async open(target) {
      const { session, outcome } = await ask<{ session?: number; outcome?: string }>(
        "open",
        target,
      );
      if (session === undefined) throw new Error(outcome);
      return {
        say: (text) => ask("say", { session, text }),
        finish: () => ask("finish", { session }),
        outcome: () => ask("outcome", { session }),
      };
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await exited;
    },
  };
}
