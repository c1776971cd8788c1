import type { Operation } from "../history/linearizability.ts";
import type { ObjectOperation, Outcome, Refusal, View } from "../history/object-model.ts";
import type { Answer, Cluster } from "./cluster.ts";
import type { Action, FoughtKind } from "./kinds.ts";

/** What the clients of one run did, and what is wrong with it at first sight. */
export interface Records {
  /** The history of each object, by path. */
  readonly histories: Map<string, Operation<ObjectOperation>[]>;
  readonly violations: string[];
  /** Reads that said they may be stale: nothing follows from them. */
  staleReads: number;
}

/** What a client acts on. */
export interface ClientOptions {
  readonly number: number;
  readonly cluster: Cluster;
  readonly records: Records;
  readonly kinds: readonly FoughtKind[];
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  /** A number nobody has used before. */
  readonly fresh: () => number;
  /** The objects of now: `a-3`. They change with time, which keeps every history short. */
  readonly names: () => readonly string[];
  readonly signal: AbortSignal;
}

/** Acts at random, one request after the other, until the signal. */
export async function runClient(options: ClientOptions): Promise<void> {
  const seen = new Map<string, View>();
  while (!options.signal.aborted) {
    const kind = draw(options.kinds, options.random);
    const name = draw(options.names(), options.random);
    const key = `${kind.path}/${name}`;
    const occasion = {
      name,
      client: options.number,
      fresh: options.fresh(),
      known: seen.get(key),
    };
    const action = draw(kind.actions, options.random)(occasion);
    if (action !== undefined) await perform(options, { key, action, seen });
  }
}

interface Step {
  readonly key: string;
  readonly action: Action;
  /** What this client saw last of each object. */
  readonly seen: Map<string, View>;
}

/** A connection that was refused did nothing; neither did an answer that never was asked for. */
const NOT_SENT = new Set(["ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT"]);

async function perform(options: ClientOptions, step: Step): Promise<void> {
  const { cluster, records, random } = options;
  const { request, http } = step.action;
  const call = performance.now();
  const history = records.histories.get(step.key) ?? [];
  records.histories.set(step.key, history);
  const add = (outcome: Outcome): void => {
    const isOpen = outcome.type === "unknown";
    const end = isOpen ? Number.POSITIVE_INFINITY : performance.now();
    history.push({ call, return: end, what: { request, outcome } });
  };
  try {
    const answer = await cluster.send(random() < 0.5 ? 0 : 1, http);
    const outcome = judge(options, step, answer);
    if (outcome !== undefined) add(outcome);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (request.type !== "get" && !NOT_SENT.has(code)) add({ type: "unknown" });
  }
}

/** The outcome that an answer tells; undefined when nothing follows from it. */
function judge({ records }: ClientOptions, step: Step, answer: Answer): Outcome | undefined {
  const { action } = step;
  const { request, http } = action;
  if (answer.warnings.some((text) => text.includes("saw last"))) {
    records.staleReads += 1;
    return undefined;
  }
  if (request.type === "get" && answer.status === 504) return undefined;
  const outcome = outcomeOf(action, answer);
  if (outcome === undefined) {
    const what = `${http.method} ${http.path} ${JSON.stringify(http.body)}`;
    records.violations.push(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  if (outcome?.type === "ok" && outcome.view !== undefined) remember(step, outcome.view, records);
  return outcome;
}

/** Takes what a client sees now for what it knows; versions must not go back. */
function remember({ key, seen }: Step, view: View, { violations }: Records): void {
  const before = seen.get(key);
  if (before !== undefined && view.revision < before.revision) {
    violations.push(`a client saw ${key} at ${before.revision}, then ${view.revision}`);
  }
  // A partial view knows no fields, but the version.
  seen.set(key, view.partial === true ? { ...view, fields: before?.fields ?? {} } : view);
}

/** What an answer says; undefined for one that should not be. */
function outcomeOf({ request, show }: Action, { status, body }: Answer): Outcome | undefined {
  if (status < 300) return { type: "ok", ...(show !== undefined && { view: show(body) }) };
  if (status === 504) return { type: "unknown" };
  const why = refusalOf(status, body.reason, request.type);
  return why && { type: "refused", why };
}

function refusalOf(status: number, reason: string, type: string): Refusal | undefined {
  if (status === 404) return "absent";
  if (status === 409) return reason === "AlreadyExists" ? "exists" : "conflict";
  return status === 422 && type === "swap" ? "mismatch" : undefined;
}

/** One of some, by chance. */
export function draw<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)] as T;
}
