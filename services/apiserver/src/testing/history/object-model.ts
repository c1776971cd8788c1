import type { Model } from "./linearizability.ts";

/** What is followed of an object: values by name. */
export type Fields = Readonly<Record<string, string>>;

/** An object as an answer shows it. */
export interface View {
  readonly uid: string;
  readonly revision: number;
  readonly fields: Fields;
  /** The answer shows only these fields, not all that there are. */
  readonly partial?: boolean;
}

/** What somebody asked of one object. */
export type Request =
  | { readonly type: "get" }
  | { readonly type: "create"; readonly fields: Fields }
  /** Replaces what the object has of `part`, if its version is the expected one. */
  | {
      readonly type: "replace";
      readonly part: readonly string[];
      readonly fields: Fields;
      readonly expected: number;
      /** Makes the object if there is none; `expected` means nothing then. */
      readonly creates?: boolean;
    }
  /** Sets some fields; `creates` makes the object if there is none. */
  | { readonly type: "set"; readonly fields: Fields; readonly creates: boolean }
  /** Sets a field if it has the value that was seen. */
  | { readonly type: "swap"; readonly field: string; readonly from: string; readonly to: string }
  /** Adds an item to a list, whose items are joined by commas. */
  | { readonly type: "append"; readonly field: string; readonly item: string }
  | { readonly type: "delete"; readonly expected?: number };

/** Why a request changed nothing. */
export type Refusal = "absent" | "exists" | "conflict" | "mismatch";

/** What came of it. `unknown`: no answer, or one that says so. */
export type Outcome =
  | { readonly type: "ok"; readonly view?: View }
  | { readonly type: "refused"; readonly why: Refusal }
  | { readonly type: "unknown" };

/** A request with its outcome. */
export interface ObjectOperation {
  readonly request: Request;
  readonly outcome: Outcome;
}

/** An object as it is at some moment. */
export type ObjectState =
  | "absent"
  | {
      /** Undefined when nobody has seen it yet. */
      readonly uid: string | undefined;
      /** The version, or, when `open`, one that it is beyond. */
      readonly revision: number;
      readonly open: boolean;
      readonly fields: Fields;
    };

type Present = Exclude<ObjectState, "absent">;

/** One object of the API as a sequential machine. */
export const objectModel: Model<ObjectState, ObjectOperation> = {
  initial: "absent",
  step(state, { request, outcome }) {
    if (outcome.type === "refused") return refuses(state, request, outcome.why) ? state : undefined;
    const effect = effectOf(state, request);
    if (typeof effect === "string") return outcome.type === "unknown" ? state : undefined;
    if (outcome.type === "unknown" || outcome.view === undefined) return effect.next;
    return effect.next === "absent" ? undefined : seen(state, effect.next, outcome.view);
  },
  fingerprint(state) {
    if (state === "absent") return state;
    const fields = Object.entries(state.fields).sort(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify([state.uid, state.revision, state.open, fields]);
  },
};

interface Effect {
  readonly next: ObjectState;
}

function effectOf(state: ObjectState, request: Request): Effect | Refusal {
  if (state === "absent") return effectOnNothing(request);
  const { fields } = state;
  if (!isExpected(state, request)) return "conflict";
  switch (request.type) {
    case "get":
      return { next: state };
    case "create":
      return "exists";
    case "replace": {
      const { part } = request;
      const kept = Object.entries(fields).filter(([name]) => !isPart(part, name));
      return changed(state, { ...Object.fromEntries(kept), ...request.fields });
    }
    case "set":
      return changed(state, { ...fields, ...request.fields });
    case "swap":
      if (fields[request.field] !== request.from) return "mismatch";
      return changed(state, { ...fields, [request.field]: request.to });
    case "append": {
      const list = [fields[request.field], request.item].filter((text) => text !== undefined);
      return changed(state, { ...fields, [request.field]: list.join(",") });
    }
    case "delete":
      return { next: "absent" };
    default:
      return request satisfies never;
  }
}

function effectOnNothing(request: Request): Effect | Refusal {
  if (!canCreate(request)) return "absent";
  return { next: { uid: undefined, revision: 0, open: true, fields: request.fields } };
}

type Creating = Extract<Request, { type: "create" | "replace" | "set" }>;

function canCreate(request: Request): request is Creating {
  if (request.type === "create") return true;
  return (request.type === "set" || request.type === "replace") && request.creates === true;
}

function refuses(state: ObjectState, request: Request, why: Refusal): boolean {
  if (effectOf(state, request) === why) return true;
  // A version nobody has seen yet may be the expected one, or not.
  return why === "conflict" && state !== "absent" && state.open && "expected" in request;
}

function isExpected(state: Present, request: Request): boolean {
  if (!("expected" in request) || request.expected === undefined) return true;
  return canBe(state, request.expected);
}

function canBe(state: Present, revision: number): boolean {
  return state.open ? revision > state.revision : revision === state.revision;
}

/** A part is a list of names; one that ends in `*` stands for all that begin so. */
function isPart(part: readonly string[], name: string): boolean {
  return part.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : one === name));
}

function changed(state: Present, fields: Fields): Effect {
  return { next: { ...state, open: true, fields } };
}

/** The state as the answer shows it; undefined when the answer shows another one. */
function seen(before: ObjectState, state: Present, view: View): Present | undefined {
  if (state.uid !== undefined && state.uid !== view.uid) return undefined;
  if (!isSame(state.fields, view)) return undefined;
  const { revision, uid } = view;
  const unchanged = before !== "absent" && isSame(before.fields, { ...view, fields: state.fields });
  // A write that changes nothing may be none, and then gives no new version.
  const same = unchanged && before.uid === uid && !before.open && before.revision === revision;
  const fits = state.open ? revision > state.revision : revision === state.revision;
  return same || fits ? { ...state, uid, revision, open: false } : undefined;
}

function isSame(fields: Fields, view: Pick<View, "fields" | "partial">): boolean {
  const names = Object.keys(view.fields);
  if (view.partial !== true && names.length !== Object.keys(fields).length) return false;
  return names.every((name) => fields[name] === view.fields[name]);
}
