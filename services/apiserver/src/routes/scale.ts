import {
  applyPatch,
  type Decodable,
  formatLabelSelector,
  invalid,
  invalidValue,
  type KubeObject,
  type LabelSelector,
  selectorFromLabelSelector,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { sendJson } from "../http/answer.ts";
import { decodeJson, mediaTypeOf, requireBody } from "../http/body.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import type { Resources } from "../resources/resources.ts";
import { updateObject } from "../resources/update.ts";
import { bodyOf, type Call, decodeChecked, objectOf, viewOf } from "./call.ts";
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
  const { verb } = call.resource;
  const view = viewOf(call);
  if (verb === "get") {
    const { object } = await entryOf(resources, call);
    return sendJson(call.reply, JSON.stringify(scaleOf(object)), view);
  }
  const kindOfOptions = verb === "patch" ? "PatchOptions" : "UpdateOptions";
  const { dryRun, fieldValidation } = parseWriteOptions(call.query, kindOfOptions);
  const target = namedTarget(call);
  const change =
    verb === "patch"
      ? patchedScale(call)
      : replacedScale(objectOf(call, ScaleKind, fieldValidation));
  const entry = await updateObject(resources, {
    target,
    part: "object",
    dryRun,
    apply: (object) => withScale(object, change(scaleOf(object))),
  });
  return sendJson(call.reply, JSON.stringify(scaleOf(entry.object)), view);
}

function replacedScale(scale: Scale): (current: Scale) => Scale {
  return () => scale;
}

function patchedScale({ request, reply }: Call): (current: Scale) => Scale {
  const contentType = mediaTypeOf(request.headers["content-type"]);
  const patch = decodeJson(requireBody(bodyOf({ request })));
  return (object) => {
    const value = applyPatch({ contentType, kind: ScaleKind, object, patch });
    return decodeChecked(reply, { kind: ScaleKind, value, fieldValidation: "Warn" });
  };
}

function scaleOf(object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const spec = object["spec"] as { replicas?: number; selector?: LabelSelector } | undefined;
  const status = object["status"] as { replicas?: number } | undefined;
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
    spec: { replicas: spec?.replicas ?? 1 },
    status: {
      replicas: status?.replicas ?? 0,
      selector: formatLabelSelector(selectorFromLabelSelector(spec?.selector)),
    },
  };
}

function withScale(object: KubeObject, scale: Scale): KubeObject {
  const replicas = scale.spec?.replicas ?? 0;
  if (replicas < 0) {
    const why = "must be greater than or equal to 0";
    throw invalid(ScaleKind, object.metadata.name, [invalidValue("spec.replicas", replicas, why)]);
  }
  const { resourceVersion } = scale.metadata;
  const metadata = { ...object.metadata, resourceVersion: resourceVersion ?? "" };
  const { uid } = scale.metadata;
  if (uid !== undefined && uid !== "") metadata.uid = uid;
  return { ...object, metadata, spec: { ...(object["spec"] as object | undefined), replicas } };
}
