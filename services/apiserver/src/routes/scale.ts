import {
  apiVersionOf,
  type Decodable,
  formatLabelSelector,
  invalid,
  invalidValue,
  type Kind,
  Kinds,
  type KubeObject,
  type LabelSelector,
  selectorFromLabelSelector,
  selectorFromMap,
  type Selector,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { customTraits } from "../custom-resources/custom-kind.ts";
import { readScale, type ScaleNumbers, writeScale } from "../custom-resources/scale.ts";
import { sendJson } from "../http/answer.ts";
import { APPLY_TYPE, mediaTypeOf } from "../http/body.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import type { Resources } from "../resources/resources.ts";
import { updateObject } from "../resources/update.ts";
import { applicationOf } from "./apply.ts";
import { type Call, objectOf, viewOf, writerOf } from "./call.ts";
import { patcherOf } from "./patch.ts";
import { entryOf, namedTarget } from "./read.ts";

/** How many pods a workload wants and has (autoscaling/v1). */
interface Scale extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

const ScaleKind: Decodable<Scale> = {
  group: "autoscaling",
  version: "v1",
  kind: "Scale",
  schema: Type.Object({
    apiVersion: Type.String(),
    kind: Type.String(),
    metadata: Type.Unsafe({ type: "object", "x-kubernetes-preserve-unknown-fields": true }),
    spec: Type.Object({ replicas: Type.Integer() }),
    status: Type.Object({ replicas: Type.Integer(), selector: Type.String() }),
  }),
};

/** GET, PUT and PATCH of /scale: reads and sets the number of wanted pods alone. */
export async function handleScale(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind } = call;
  const { verb } = call.resource;
  const view = viewOf(call);
  if (verb === "get") {
    const { object } = await entryOf(resources, call);
    return sendJson(call.reply, JSON.stringify(scaleOf(kind, object)), view);
  }
  const contentType = mediaTypeOf(call.request.headers["content-type"]);
  if (verb === "patch" && contentType === APPLY_TYPE) return applyScale(resources, call);
  const kindOfOptions = verb === "patch" ? "PatchOptions" : "UpdateOptions";
  const options = parseWriteOptions(call.query, kindOfOptions);
  const { dryRun, fieldValidation } = options;
  const target = namedTarget(call);
  const change =
    verb === "patch"
      ? patcherOf(call, ScaleKind, options)
      : replacedScale(objectOf(call, ScaleKind, fieldValidation));
  const entry = await updateObject(resources, {
    target,
    part: "object",
    dryRun,
    writer: writerOf(call, options),
    apply: (object) => withScale(kind, object, change(scaleOf(kind, object))),
  });
  return sendJson(call.reply, JSON.stringify(scaleOf(kind, entry.object)), view);
}

/**
 * Server-side apply of a Scale: of the object it says how many pods are wanted, and nothing else. The
 * manager owns that field of the object, through the subresource.
 */
async function applyScale(resources: Resources, call: Call): Promise<FastifyReply> {
  const { kind, target } = call;
  const { config, dryRun, apply } = applicationOf(resources, call, ScaleKind);
  const replicas = config.spec?.replicas;
  checkReplicas(target.name ?? "", replicas ?? 0);
  const { name = "", namespace } = target;
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  const bare: KubeObject = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
  const wanted = replicas === undefined ? bare : withReplicas(kind, bare, replicas);
  const entry = await updateObject(resources, {
    target: namedTarget(call),
    part: "object",
    dryRun,
    writer: undefined,
    apply: (live) => apply(wanted, live),
  });
  return sendJson(call.reply, JSON.stringify(scaleOf(kind, entry.object)), viewOf(call));
}

function replacedScale(scale: Scale): (current: Scale) => Scale {
  return () => scale;
}

function scaleOf(kind: Kind, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const { wanted, actual, selector } = numbersOf(kind, object);
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(creationTimestamp !== undefined && { creationTimestamp }),
    },
    spec: { replicas: wanted },
    status: { replicas: actual, selector },
  };
}

function numbersOf(kind: Kind, object: KubeObject): ScaleNumbers {
  const paths = customTraits(kind)?.scalePaths;
  if (paths !== undefined) return readScale(object, paths);
  const spec = object["spec"] as { replicas?: number; selector?: LabelSelector } | undefined;
  const status = object["status"] as { replicas?: number } | undefined;
  return {
    wanted: spec?.replicas ?? 1,
    actual: status?.replicas ?? 0,
    selector: formatLabelSelector(selectorOf(object)),
  };
}

/** A ReplicationController's selector is a map of labels. */
function selectorOf({ kind, ...object }: KubeObject): Selector {
  const { selector } = (object["spec"] ?? {}) as { selector?: LabelSelector };
  return kind === Kinds.ReplicationController.kind
    ? selectorFromMap(selector as Record<string, string> | undefined)
    : selectorFromLabelSelector(selector);
}

function withScale(kind: Kind, object: KubeObject, scale: Scale): KubeObject {
  const replicas = scale.spec?.replicas ?? 0;
  checkReplicas(object.metadata.name, replicas);
  const { resourceVersion } = scale.metadata;
  const metadata = { ...object.metadata, resourceVersion: resourceVersion ?? "" };
  const { uid } = scale.metadata;
  if (uid !== undefined && uid !== "") metadata.uid = uid;
  return withReplicas(kind, { ...object, metadata }, replicas);
}

function checkReplicas(name: string, replicas: number): void {
  if (replicas >= 0) return;
  const why = "must be greater than or equal to 0";
  throw invalid(ScaleKind, name, [invalidValue("spec.replicas", replicas, why)]);
}

function withReplicas(kind: Kind, object: KubeObject, replicas: number): KubeObject {
  const paths = customTraits(kind)?.scalePaths;
  if (paths !== undefined) return writeScale(object, paths, replicas);
  return { ...object, spec: { ...(object["spec"] as object | undefined), replicas } };
}
