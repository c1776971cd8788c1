import {
  badRequest,
  conflict,
  type Decodable,
  invalid,
  type KubeObject,
  methodNotAllowed,
  notSupported,
  type Pod,
  required,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { sendJson } from "../http/answer.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import { timestamp } from "../resources/metadata.ts";
import type { Resources } from "../resources/resources.ts";
import { updateObject } from "../resources/update.ts";
import { type Call, objectOf, viewOf } from "./call.ts";
import { namedTarget } from "./read.ts";

/** Which node a pod shall run on. */
interface Binding extends KubeObject {
  target?: { kind?: string; name?: string };
}

const BindingKind: Decodable<Binding> = {
  group: "",
  version: "v1",
  kind: "Binding",
  schema: Type.Object({
    apiVersion: Type.String(),
    kind: Type.String(),
    metadata: Type.Unsafe({ type: "object", "x-kubernetes-preserve-unknown-fields": true }),
    target: Type.Object({
      apiVersion: Type.String(),
      kind: Type.String(),
      name: Type.String(),
      namespace: Type.String(),
      uid: Type.String(),
      resourceVersion: Type.String(),
      fieldPath: Type.String(),
    }),
  }),
};

/**
 * POST of pods/NAME/binding: assigns the pod to a node and marks it scheduled, once
 * (source: registry/core/pod/storage.assignPod).
 */
export async function bindPod(resources: Resources, call: Call): Promise<FastifyReply> {
  if (call.resource.verb !== "create") throw methodNotAllowed();
  const target = namedTarget(call);
  const { dryRun, fieldValidation } = parseWriteOptions(call.query, "CreateOptions");
  const view = viewOf(call);
  const binding = objectOf(call, BindingKind, fieldValidation);
  const { name } = target;
  if ((binding.metadata.name ?? name) !== name) {
    throw badRequest("name in URL does not match name in Binding object");
  }
  const node = nodeOf(binding, name);
  await updateObject(resources, {
    target,
    part: "unchecked",
    dryRun,
    writer: undefined,
    apply: (object) => {
      const why = refusal(object as unknown as Pod);
      if (why !== undefined) throw conflict({ ...target.kind, plural: "pods/binding" }, name, why);
      return scheduled(object as unknown as Pod, node, call.now);
    },
  });
  const status = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
  return sendJson(call.reply.code(201), JSON.stringify(status), view);
}

function nodeOf({ target }: Binding, name: string): string {
  const kind = target?.kind ?? "";
  if (kind !== "" && kind !== "Node") {
    throw invalid(BindingKind, name, [notSupported("target.kind", kind, ["Node", "<empty>"])]);
  }
  const node = target?.name ?? "";
  if (node === "") throw invalid(BindingKind, name, [required("target.name")]);
  return node;
}

function refusal({ metadata, spec }: Pod): string | undefined {
  if (metadata.deletionTimestamp !== undefined) {
    return `pod ${metadata.name} is being deleted, cannot be assigned to a host`;
  }
  const assigned = spec.nodeName ?? "";
  if (assigned === "") return undefined;
  return `pod ${metadata.name} is already assigned to node ${JSON.stringify(assigned)}`;
}

function scheduled(pod: Pod, node: string, now: number): Pod {
  const conditions = pod.status?.conditions ?? [];
  const others = conditions.filter(({ type }) => type !== "PodScheduled");
  const condition = {
    type: "PodScheduled",
    status: "True" as const,
    lastTransitionTime: timestamp(now),
  };
  return {
    ...pod,
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: [...others, condition] },
  };
}
