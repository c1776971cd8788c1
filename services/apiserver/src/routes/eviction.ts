import {
  badRequest,
  BodyKinds,
  Kinds,
  type Kind,
  type KubeObject,
  labelSelectorMatches,
  methodNotAllowed,
  type Pod,
  type PodDisruptionBudget,
  registryPrefix,
  selectorFromLabelSelector,
  statusError,
  type StatusError,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendJson } from "../http/answer.ts";
import { parseDeleteOptions } from "../http/delete-options.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import { deleteObject } from "../resources/delete.ts";
import { SERVER } from "../resources/field-ownership.ts";
import { timestamp } from "../resources/metadata.ts";
import type { Resources } from "../resources/resources.ts";
import { updateObject } from "../resources/update.ts";
import type { Entry } from "../storage/entry.ts";
import { type Call, objectOf, viewOf } from "./call.ts";
import { entryOf, namedTarget } from "./read.ts";

/** How long a client is told to wait for a budget that nobody has counted yet, s. */
const UNCOUNTED_RETRY_S = 10;

/** Evictions that may be under way for one budget. */
const DISRUPTED_LIMIT = 2_000;

const TOO_MANY = "Cannot evict pod as it would violate the pod's disruption budget.";

/**
 * POST of pods/NAME/eviction: deletes the pod if its PodDisruptionBudget allows, else 429 with the
 * cause DisruptionBudget (source: registry/core/pod/rest/eviction.go).
 */
export async function evictPod(resources: Resources, call: Call): Promise<FastifyReply> {
  if (call.resource.verb !== "create") throw methodNotAllowed();
  const target = namedTarget(call);
  const options = parseWriteOptions(call.query, "CreateOptions");
  const eviction = objectOf(call, BodyKinds.Eviction, options.fieldValidation);
  if ((eviction.metadata.name ?? target.name) !== target.name) {
    throw badRequest("name in URL does not match name in Eviction object");
  }
  const deletion = parseDeleteOptions(new URLSearchParams(), eviction.deleteOptions ?? {});
  const dryRun = options.dryRun || deletion.dryRun;
  const entry = await entryOf(resources, call);
  const judged = needsBudget(entry.object as unknown as Pod)
    ? await checkBudget(resources, call, { entry, dryRun })
    : {};
  const preconditions = { ...deletion.preconditions, ...judged };
  await deleteObject(resources, target, { ...deletion, dryRun, preconditions });
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return sendJson(call.reply.code(201), JSON.stringify(status), viewOf(call));
}

/** A pod that does not serve, or goes anyway, disrupts nothing. */
function needsBudget({ metadata, status }: Pod): boolean {
  const idle = ["Succeeded", "Failed", "Pending"].includes(status?.phase ?? "");
  return !idle && metadata.deletionTimestamp === undefined;
}

/** Takes one disruption from the pod's budget; gives the preconditions of the pod's deletion. */
async function checkBudget(
  resources: Resources,
  call: Call,
  { entry, dryRun }: { readonly entry: Entry; readonly dryRun: boolean },
): Promise<{ readonly resourceVersion?: string }> {
  const pod = entry.object as unknown as Pod;
  const [budget, another] = budgetsOf(resources, pod);
  if (budget === undefined) return {};
  if (another !== undefined) {
    const why =
      "This pod has more than one PodDisruptionBudget, which the eviction subresource does not " +
      "support.";
    throw statusError(500, "InternalError", why);
  }
  // What was not healthy does not count, as long as what is suffices: it must be as we saw it.
  if (!isReady(pod) && mayGoUnhealthy(budget)) return { resourceVersion: String(entry.revision) };
  const { name, namespace = "" } = budget.metadata;
  const kind = Kinds.PodDisruptionBudget as Kind;
  await updateObject(resources, {
    target: { kind, namespace, name },
    part: "status",
    dryRun,
    writer: { ...SERVER, subresource: "status" },
    apply: (object) => disrupted(object, pod.metadata.name, call.now),
  });
  return {};
}

function budgetsOf({ cache }: Resources, { metadata }: Pod): PodDisruptionBudget[] {
  const prefix = registryPrefix(Kinds.PodDisruptionBudget, metadata.namespace).slice(0, -1);
  return cache
    .list(prefix)
    .entries.map(({ object }) => object as PodDisruptionBudget)
    .filter(({ spec }) => {
      if (spec?.selector === undefined) return false;
      return labelSelectorMatches(selectorFromLabelSelector(spec.selector), metadata.labels);
    });
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true;
}

function mayGoUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
}

/** The budget after one more disruption; throws 429 or 403 when it allows none. */
function disrupted(budget: PodDisruptionBudget, podName: string, now: number): KubeObject {
  const { metadata, status } = budget;
  const { name } = metadata;
  if (status === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    const why = `The disruption budget ${name} is still being processed by the server.`;
    throw tooMany(why, UNCOUNTED_RETRY_S);
  }
  const { disruptionsAllowed, disruptedPods = {}, desiredHealthy, currentHealthy } = status;
  if (Object.keys(disruptedPods).length > DISRUPTED_LIMIT) {
    const why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
    throw forbiddenBudget(name, why);
  }
  if (disruptionsAllowed < 0) throw forbiddenBudget(name, "pdb disruptions allowed is negative");
  if (disruptionsAllowed === 0) {
    const why = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    throw tooMany(why);
  }
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: disruptionsAllowed - 1,
      disruptedPods: { ...disruptedPods, [podName]: timestamp(now) },
    },
  };
}

function tooMany(message: string, retryAfterSeconds?: number): StatusError {
  return statusError(429, "TooManyRequests", TOO_MANY, {
    causes: [{ reason: "DisruptionBudget", message }],
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

function forbiddenBudget(name: string, why: string): StatusError {
  const message = `poddisruptionbudgets.policy ${JSON.stringify(name)} is forbidden: ${why}`;
  const details = { name, group: "policy", kind: "poddisruptionbudgets" };
  return statusError(403, "Forbidden", message, details);
}
