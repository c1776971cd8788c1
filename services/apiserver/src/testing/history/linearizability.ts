/** One operation of a history: what was asked and answered, and when. */
export interface Operation<W> {
  /** When it was asked; any clock, the same for all. */
  readonly call: number;
  /** When it was answered; Infinity when no answer came: it may take effect at any time, or never. */
  readonly return: number;
  readonly what: W;
}

/** What operations mean when they come one at a time. */
export interface Model<S, W> {
  readonly initial: S;
  /**
   * The state after an operation; undefined when it can't have the answer it had in this state.
   * For one without an answer: what it would do, the same state when it would do nothing.
   */
  step(state: S, what: W): S | undefined;
  /** The same text for equal states. */
  fingerprint(state: S): string;
}

/** A history that no order explains; `explained` are the most operations one order could. */
export interface Violation<W> {
  readonly explained: readonly Operation<W>[];
  /** Those that come next by their time, none of which fits. */
  readonly stuckAt: readonly Operation<W>[];
}

/** Bound of the search: a history that needs more steps is too large to be judged. */
const MAX_STEPS = 3_000_000;

/**
 * Looks for an order of the operations in which each takes effect at one moment between its call
 * and its return, and the model gives every answer that was given (Herlihy and Wing 1990). The
 * search is that of Wing and Gong with Lowe's memory of what was tried, as porcupine has it. Gives
 * undefined when there is such an order. Throws when the search becomes too long.
 */
export function findViolation<S, W>(
  model: Model<S, W>,
  operations: readonly Operation<W>[],
): Violation<W> | undefined {
  const head = linkEvents(operations);
  const tried = new Set<string>();
  const done = new Uint32Array(Math.ceil(operations.length / 32));
  const taken: { readonly event: CallEvent; readonly state: S }[] = [];
  let state = model.initial;
  let best: Violation<W> = { explained: [], stuckAt: [] };
  let event = head.next;
  for (let steps = 0; head.next !== undefined; steps += 1) {
    if (steps > MAX_STEPS) throw new Error(`no verdict after ${MAX_STEPS} steps`);
    const next = event?.isCall === true ? model.step(state, whatOf(operations, event)) : undefined;
    if (event?.isCall === true) {
      const isNew = next !== undefined && remember(tried, done, event, model.fingerprint(next));
      if (isNew) {
        taken.push({ event, state });
        state = next;
        lift(event);
        event = head.next;
      } else {
        event = event.next;
      }
      continue;
    }
    // An answer whose operation has no place yet: the last choice was wrong.
    if (taken.length >= best.explained.length) best = stuck(operations, taken, head);
    const last = taken.pop();
    if (last === undefined) return best;
    state = last.state;
    flip(done, last.event.operation);
    unlift(last.event);
    event = last.event.next;
  }
  return undefined;
}

interface Link {
  previous: Link | undefined;
  next: Event | undefined;
}

interface CallEvent extends Link {
  readonly isCall: true;
  readonly operation: number;
  readonly answer: AnswerEvent;
}

interface AnswerEvent extends Link {
  readonly isCall: false;
}

type Event = CallEvent | AnswerEvent;

interface Timed {
  readonly time: number;
  readonly event: Event;
}

/** A list of all calls and answers by time; at equal times calls come first. Gives its head. */
function linkEvents(operations: readonly Operation<unknown>[]): Link {
  const events = operations.flatMap(({ call, return: end }, operation): Timed[] => {
    const answer: AnswerEvent = { isCall: false, previous: undefined, next: undefined };
    const own = { operation, answer, previous: undefined, next: undefined };
    const asked: CallEvent = { isCall: true, ...own };
    return [
      { time: call, event: asked },
      { time: end, event: answer },
    ];
  });
  const rank = ({ isCall }: Event): number => (isCall ? 0 : 1);
  events.sort((a, b) => (a.time === b.time ? rank(a.event) - rank(b.event) : a.time - b.time));
  const head: Link = { previous: undefined, next: undefined };
  let last = head;
  for (const { event } of events) {
    event.previous = last;
    last.next = event;
    last = event;
  }
  return head;
}

function lift(call: CallEvent): void {
  for (const link of [call, call.answer]) {
    if (link.previous !== undefined) link.previous.next = link.next;
    if (link.next !== undefined) link.next.previous = link.previous;
  }
}

function unlift(call: CallEvent): void {
  for (const link of [call.answer, call]) {
    if (link.previous !== undefined) link.previous.next = link;
    if (link.next !== undefined) link.next.previous = link;
  }
}

/** Marks the call's operation as done; false (and no mark) when this was tried before. */
function remember(
  tried: Set<string>,
  done: Uint32Array,
  { operation }: CallEvent,
  fingerprint: string,
): boolean {
  flip(done, operation);
  const key = `${String.fromCharCode(...halves(done))}|${fingerprint}`;
  if (tried.has(key)) {
    flip(done, operation);
    return false;
  }
  tried.add(key);
  return true;
}

function halves(done: Uint32Array): Uint16Array {
  return new Uint16Array(done.buffer);
}

function flip(done: Uint32Array, operation: number): void {
  const word = operation >>> 5;
  done[word] = (done[word] ?? 0) ^ (1 << (operation & 31));
}

function whatOf<W>(operations: readonly Operation<W>[], { operation }: CallEvent): W {
  return (operations[operation] as Operation<W>).what;
}

function stuck<W>(
  operations: readonly Operation<W>[],
  taken: readonly { readonly event: CallEvent }[],
  head: Link,
): Violation<W> {
  const of = (event: CallEvent): Operation<W> => operations[event.operation] as Operation<W>;
  const stuckAt: Operation<W>[] = [];
  for (let event = head.next; event?.isCall === true; event = event.next) stuckAt.push(of(event));
  return { explained: taken.map(({ event }) => of(event)), stuckAt };
}
