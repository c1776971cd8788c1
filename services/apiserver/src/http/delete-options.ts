import { badRequest, invalid, notSupported, type StatusCause } from "@kubehop/api";
import { dryRunCauses } from "./write-options.ts";

/** Who deletes the objects an object owns. */
export type PropagationPolicy = "Orphan" | "Background" | "Foreground";

/** Options of a deletion, from its body or its URL. */
export interface ParsedDeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: PropagationPolicy;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

const POLICIES: readonly PropagationPolicy[] = ["Background", "Foreground", "Orphan"];

/** Reads DeleteOptions; a body wins over the URL. Throws 400 or 422. */
export function parseDeleteOptions(query: URLSearchParams, body: unknown): ParsedDeleteOptions {
  const source = body === undefined || body === null ? fromQuery(query) : body;
  if (typeof source !== "object" || source === null || Array.isArray(source)) {
    throw badRequest("the body of a deletion must be a DeleteOptions object");
  }
  const options = source as Record<string, unknown>;
  const dryRun = stringsOf(options["dryRun"], "dryRun");
  const policy = policyOf(options);
  const grace = options["gracePeriodSeconds"];
  if (grace !== undefined && grace !== null && !Number.isSafeInteger(grace)) {
    throw badRequest("gracePeriodSeconds must be a whole number");
  }
  checkValues(dryRun, policy);
  return {
    dryRun: dryRun.length > 0,
    ...(typeof grace === "number" && { gracePeriodSeconds: Math.max(0, grace) }),
    ...(policy !== undefined && { propagationPolicy: policy as PropagationPolicy }),
    preconditions: preconditionsOf(options["preconditions"]),
  };
}

function fromQuery(query: URLSearchParams): Record<string, unknown> {
  const grace = query.get("gracePeriodSeconds");
  return {
    dryRun: query.getAll("dryRun").filter((value) => value !== ""),
    ...(grace !== null && grace !== "" && { gracePeriodSeconds: Number(grace) }),
    propagationPolicy: query.get("propagationPolicy") ?? undefined,
    orphanDependents: query.has("orphanDependents")
      ? query.get("orphanDependents") === "true"
      : undefined,
  };
}

function policyOf(options: Record<string, unknown>): string | undefined {
  const { propagationPolicy, orphanDependents } = options;
  if (typeof propagationPolicy === "string" && propagationPolicy !== "") return propagationPolicy;
  if (typeof orphanDependents !== "boolean") return undefined;
  return orphanDependents ? "Orphan" : "Background";
}

function checkValues(dryRun: readonly string[], policy: string | undefined): void {
  const causes: StatusCause[] = dryRunCauses(dryRun);
  if (policy !== undefined && !(POLICIES as readonly string[]).includes(policy)) {
    causes.push(notSupported("propagationPolicy", policy, POLICIES));
  }
  const kind = { group: "meta.k8s.io", kind: "DeleteOptions" };
  if (causes.length > 0) throw invalid(kind, "", causes);
}

function preconditionsOf(value: unknown): ParsedDeleteOptions["preconditions"] {
  const { uid, resourceVersion } = (value ?? {}) as Record<string, unknown>;
  return {
    ...(typeof uid === "string" && { uid }),
    ...(typeof resourceVersion === "string" && { resourceVersion }),
  };
}

function stringsOf(value: unknown, field: string): string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw badRequest(`${field} must be a list of strings`);
}
