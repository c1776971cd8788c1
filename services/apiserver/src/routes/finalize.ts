import { type KubeObject, Kinds, methodNotAllowed, type Namespace } from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { sendEntry } from "../http/answer.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import type { Resources } from "../resources/resources.ts";
import { updateObject } from "../resources/update.ts";
import { type Call, objectOf, viewOf } from "./call.ts";
import { namedTarget } from "./read.ts";

/**
 * PUT of namespaces/NAME/finalize: sets the namespace's spec.finalizers alone. A namespace that is
 * being deleted goes with its last one.
 */
export async function finalizeNamespace(resources: Resources, call: Call): Promise<FastifyReply> {
  if (call.resource.verb !== "update") throw methodNotAllowed();
  const { dryRun, fieldValidation } = parseWriteOptions(call.query, "UpdateOptions");
  const view = viewOf(call);
  const body = objectOf(call, Kinds.Namespace, fieldValidation) as Namespace & KubeObject;
  const { resourceVersion = "" } = body.metadata;
  const entry = await updateObject(resources, {
    target: namedTarget(call),
    part: "unchecked",
    dryRun,
    writer: undefined,
    apply: (object) => ({
      ...object,
      metadata: { ...object.metadata, resourceVersion },
      spec: { finalizers: body.spec?.finalizers ?? [] },
    }),
  });
  return sendEntry(call.reply, call.kind, entry, view);
}
