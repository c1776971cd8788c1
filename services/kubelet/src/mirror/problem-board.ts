import type { StaticPodProblem } from "./static-pod.ts";

/** What is wrong at the moment, each problem told once as long as it lasts. */
export interface ProblemBoard {
  /** Replaces what is wrong with one thing (a container, a file). */
  set(subject: string, problems: readonly StaticPodProblem[]): void;
  /** Calls back with each new problem, at once with those there are. */
  onProblem(handler: (problem: StaticPodProblem) => void): Disposable;
}

/** Creates an empty board. */
export function createProblemBoard(): ProblemBoard {
  const known = new Map<string, readonly StaticPodProblem[]>();
  const handlers = new Set<(problem: StaticPodProblem) => void>();
  return {
    set(subject, problems) {
      const before = new Set((known.get(subject) ?? []).map(({ message }) => message));
      if (problems.length === 0) known.delete(subject);
      else known.set(subject, problems);
      for (const problem of problems) {
        if (before.has(problem.message)) continue;
        for (const handler of handlers) handler(problem);
      }
    },
    onProblem(handler) {
      handlers.add(handler);
      for (const problem of [...known.values()].flat()) handler(problem);
      return { [Symbol.dispose]: () => void handlers.delete(handler) };
    },
  };
}
