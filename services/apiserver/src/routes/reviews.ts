import {
  badRequest,
  type Decodable,
  invalid,
  invalidValue,
  type KubeObject,
  StatusError,
} from "@kubehop/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type TSchema, Type } from "typebox";
import { authorize, type ResourceAccess } from "../auth/authorize.ts";
import type { UserInfo } from "../auth/user.ts";
import { sendJson } from "../http/answer.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import { objectOf, viewOf } from "./call.ts";

/** Asks whether the sender may do something (authorization.k8s.io/v1). */
interface SelfSubjectAccessReview extends KubeObject {
  spec?: {
    resourceAttributes?: ResourceAttributes;
    nonResourceAttributes?: { path?: string; verb?: string };
  };
}

interface ResourceAttributes {
  namespace?: string;
  verb?: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  name?: string;
}

/** Asks what the sender may do in a namespace (authorization.k8s.io/v1). */
interface SelfSubjectRulesReview extends KubeObject {
  spec?: { namespace?: string };
}

const anything = Type.Unsafe({
  type: "object",
  "x-kubernetes-preserve-unknown-fields": true,
});

const AccessReviewKind = reviewKind<SelfSubjectAccessReview>(
  "authorization.k8s.io",
  "SelfSubjectAccessReview",
  Type.Object({
    resourceAttributes: Type.Object({
      namespace: Type.String(),
      verb: Type.String(),
      group: Type.String(),
      version: Type.String(),
      resource: Type.String(),
      subresource: Type.String(),
      name: Type.String(),
      fieldSelector: anything,
      labelSelector: anything,
    }),
    nonResourceAttributes: Type.Object({ path: Type.String(), verb: Type.String() }),
  }),
);
const RulesReviewKind = reviewKind<SelfSubjectRulesReview>(
  "authorization.k8s.io",
  "SelfSubjectRulesReview",
  Type.Object({ namespace: Type.String() }),
);
const SelfReviewKind = reviewKind<KubeObject>(
  "authentication.k8s.io",
  "SelfSubjectReview",
  Type.Object({}),
);

/** Routes on which senders ask about themselves; nothing is stored. */
export function addReviewRoutes(app: FastifyInstance): void {
  addReview(app, AccessReviewKind, ({ spec, metadata }, user) =>
    accessStatus(spec ?? {}, user, metadata.name ?? ""),
  );
  addReview(app, RulesReviewKind, ({ spec }) => {
    if ((spec?.namespace ?? "") === "") throw badRequest("no namespace on request");
    return {
      resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
      nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
      incomplete: false,
    };
  });
  addReview(app, SelfReviewKind, (_review, userInfo) => ({ userInfo }));
}

function addReview<T extends KubeObject>(
  app: FastifyInstance,
  kind: Decodable<T>,
  statusOf: (review: T, user: UserInfo) => object,
): void {
  const url = `/apis/${kind.group}/${kind.version}/${kind.kind.toLowerCase()}s`;
  app.post(url, (request: FastifyRequest, reply: FastifyReply) => {
    const { query, user, now } = request.context;
    const { fieldValidation } = parseWriteOptions(query, "CreateOptions");
    const view = viewOf({ request, query, now });
    const review = objectOf({ request, reply }, kind, fieldValidation);
    const answer = { ...review, status: statusOf(review, user) };
    return sendJson(reply.code(201), JSON.stringify(answer), view);
  });
}

function accessStatus(
  { resourceAttributes, nonResourceAttributes }: NonNullable<SelfSubjectAccessReview["spec"]>,
  user: UserInfo,
  name: string,
): object {
  if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined)) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    const cause = invalidValue("spec.resourceAttributes", resourceAttributes ?? null, why);
    throw invalid(AccessReviewKind, name, [cause]);
  }
  try {
    const { verb = "", path = "" } = nonResourceAttributes ?? {};
    authorize(user, verb.toUpperCase(), path, requestOf(resourceAttributes));
    return { allowed: true };
  } catch (error) {
    if (error instanceof StatusError) return { allowed: false, reason: error.message };
    throw error;
  }
}

function requestOf(attributes: ResourceAttributes | undefined): ResourceAccess | undefined {
  if (attributes === undefined) return undefined;
  const { verb = "", group = "", version = "", resource = "", ...rest } = attributes;
  const { subresource, namespace, name } = rest;
  return {
    verb,
    group,
    version,
    plural: resource,
    ...(subresource !== undefined && { subresource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
  };
}

function reviewKind<T extends KubeObject>(
  group: string,
  kind: string,
  spec: TSchema,
): Decodable<T> {
  return {
    group,
    version: "v1",
    kind,
    schema: Type.Object({
      apiVersion: Type.String(),
      kind: Type.String(),
      metadata: anything,
      spec,
      status: anything,
    }),
  };
}
