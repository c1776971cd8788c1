import { Kinds, type KindTypes } from "@kubehop/api";
import { immutable, nonNegative } from "./common-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

type ControllerRevision = KindTypes["ControllerRevision"];

/** ControllerRevision: what it remembers never changes, only its number may. */
export const controllerRevisionStrategy: Strategy<ControllerRevision> = createStrategy(
  Kinds.ControllerRevision,
  {
    validate: ({ revision }) => nonNegative("revision", revision),
    validateUpdate: (next, old) => immutable("data", next.data, old.data),
  },
);
