import type { Kit, Logger } from "@kubehop/kit";
import type { DnsConfig } from "../config.ts";
import type { Directive } from "../corefile/directive.ts";
import type { Corefile } from "../corefile/parser.ts";
import type { Assignment } from "./messages.ts";
import { addUp } from "./metrics.ts";
import { type DnsWorker, startWorker } from "./worker.ts";

/** The threads of `multisocket`: each answers on the process's ports from its own sockets. */
export interface Workers extends AsyncDisposable {
  /** Gives `count` workers this Corefile; resolves when all answer from it, or after a deadline. */
  serve(count: number, assignment: Assignment): Promise<void>;
  /** Whether every worker answers from what it was given. */
  serving(): boolean;
  /** The metrics of the process and its workers as one, in Prometheus' text format. */
  exposition(): Promise<string>;
}

/** What workers are made from. */
export interface WorkersOptions {
  readonly config: DnsConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** The metrics of the process's own thread. */
  readonly registry: Kit["metrics"];
  abort(): void;
}

/** What the process's own thread does for all. */
const ONCE: ReadonlySet<string> = new Set(["health", "ready", "reload", "loop"]);

/** Creates an empty set of workers. */
export function createWorkers(options: WorkersOptions): Workers {
  const { config, env, logger, registry, abort } = options;
  let workers: DnsWorker[] = [];
  const start = (index: number): DnsWorker =>
    startWorker({ setting: { index, config, env }, logger, abort });
  return {
    async serve(count, { corefile, ports }) {
      const surplus = workers.splice(count);
      while (workers.length < count) workers.push(start(workers.length + 1));
      const assignment = { corefile: withoutOnce(corefile), ports };
      await Promise.all([
        ...surplus.map((worker) => worker[Symbol.asyncDispose]()),
        ...workers.map((worker) => worker.serve(assignment)),
      ]);
    },
    serving: () => workers.every((worker) => worker.serving()),
    async exposition() {
      if (workers.length === 0) return registry.metrics();
      return addUp(registry, await Promise.all(workers.map((worker) => worker.report())));
    },
    async [Symbol.asyncDispose]() {
      const ending = workers;
      workers = [];
      await Promise.all(ending.map((worker) => worker[Symbol.asyncDispose]()));
    },
  };
}

function withoutOnce(corefile: Corefile): Corefile {
  const isWanted = ({ name }: Directive): boolean => !ONCE.has(name);
  const blocks = corefile.blocks.map(({ keys, directives }) => ({
    keys,
    directives: directives.filter(isWanted),
  }));
  return { ...corefile, blocks };
}
