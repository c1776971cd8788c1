import {
  badRequest,
  invalid,
  invalidValue,
  type Kind,
  type KubeObject,
  type PolicyRule,
} from "@kubehop/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Access } from "../auth/attributes.ts";
import type { TokenAuthenticator } from "../auth/authenticate.ts";
import type { Authorizer } from "../auth/authorize.ts";
import type { UserInfo } from "../auth/user.ts";
import { sendJson } from "../http/answer.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import { objectOf, viewOf } from "./call.ts";
import {
  type AccessReview,
  LocalSubjectAccessReviewKind,
  type ResourceAttributes,
  SelfSubjectAccessReviewKind,
  SelfSubjectReviewKind,
  SelfSubjectRulesReviewKind,
  SubjectAccessReviewKind,
  type TokenReview,
  TokenReviewKind,
} from "./review-kinds.ts";

/** Who can answer reviews. */
export interface ReviewDeps {
  readonly authorizer: Authorizer;
  readonly authenticateToken: TokenAuthenticator;
}

type AccessSpec = NonNullable<AccessReview["spec"]>;

/** Who asks, and in which namespace. */
interface Asking {
  readonly user: UserInfo;
  readonly namespace: string | undefined;
}

/** Routes on which one asks who may do what, and who one is; nothing is stored. */
export function addReviewRoutes(app: FastifyInstance, deps: ReviewDeps): void {
  const { authorizer } = deps;
  addReview(app, SelfSubjectAccessReviewKind, (review, { user }) =>
    accessStatus(authorizer, user, checkedSpec(SelfSubjectAccessReviewKind, review)),
  );
  addReview(app, SubjectAccessReviewKind, (review) => {
    const spec = checkedSpec(SubjectAccessReviewKind, review);
    return accessStatus(authorizer, subjectOf(SubjectAccessReviewKind, spec), spec);
  });
  addReview(app, LocalSubjectAccessReviewKind, (review, { namespace }) => {
    const spec = checkedSpec(LocalSubjectAccessReviewKind, review);
    checkNamespace(spec, namespace);
    return accessStatus(authorizer, subjectOf(LocalSubjectAccessReviewKind, spec), spec);
  });
  addReview(app, SelfSubjectRulesReviewKind, ({ spec }, { user }) => {
    if ((spec?.namespace ?? "") === "") throw badRequest("no namespace on request");
    return rulesStatus(authorizer, user, spec?.namespace ?? "");
  });
  addReview(app, SelfSubjectReviewKind, (_review, { user }) => ({ userInfo: user }));
  addReview(app, TokenReviewKind, (review) => tokenStatus(deps.authenticateToken, review));
}

function addReview<T extends KubeObject>(
  app: FastifyInstance,
  kind: Kind<T>,
  statusOf: (review: T, asking: Asking) => object | Promise<object>,
): void {
  const scope = kind.namespaced ? "namespaces/:namespace/" : "";
  const url = `/apis/${kind.group}/${kind.version}/${scope}${kind.plural}`;
  app.post(url, async (request: FastifyRequest, reply: FastifyReply) => {
    const { query, user, now, resource } = request.context;
    const { fieldValidation } = parseWriteOptions(query, "CreateOptions");
    const view = viewOf({ request, query, now });
    const review = objectOf({ request, reply }, kind, fieldValidation);
    const asking = { user, namespace: resource?.namespace };
    const answer = { ...review, status: await statusOf(review, asking) };
    return sendJson(reply.code(201), JSON.stringify(answer), view);
  });
}

function checkedSpec(kind: Kind<AccessReview>, { spec = {}, metadata }: AccessReview): AccessSpec {
  const { resourceAttributes, nonResourceAttributes } = spec;
  if ((resourceAttributes === undefined) !== (nonResourceAttributes === undefined)) return spec;
  const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  const cause = invalidValue("spec.resourceAttributes", resourceAttributes ?? null, why);
  throw invalid(kind, metadata.name ?? "", [cause]);
}

function subjectOf(kind: Kind, { user = "", groups = [], uid }: AccessSpec): UserInfo {
  if (user === "" && groups.length === 0) {
    const why = "at least one of user or group must be specified";
    throw invalid(kind, "", [invalidValue("spec.user", user, why)]);
  }
  return { username: user, groups, ...(uid !== undefined && { uid }) };
}

function checkNamespace({ resourceAttributes }: AccessSpec, namespace = ""): void {
  const asked = resourceAttributes?.namespace ?? "";
  if (asked === namespace) return;
  const why =
    resourceAttributes === undefined
      ? "disallowed on this kind of request"
      : `must match metadata.namespace: ${namespace}`;
  const field =
    resourceAttributes === undefined ? "nonResourceAttributes" : "resourceAttributes.namespace";
  throw invalid(LocalSubjectAccessReviewKind, "", [invalidValue(`spec.${field}`, asked, why)]);
}

function accessStatus(authorizer: Authorizer, user: UserInfo, spec: AccessSpec): object {
  const { allowed, reason } = authorizer.decide(user, accessOfSpec(spec));
  return { allowed, ...(reason !== "" && { reason }) };
}

function accessOfSpec({ resourceAttributes, nonResourceAttributes }: AccessSpec): Access {
  if (resourceAttributes === undefined) {
    const { verb = "", path = "" } = nonResourceAttributes ?? {};
    return { verb, path };
  }
  const { verb = "", group = "", version = "", resource = "" } = resourceAttributes;
  return { verb, group, version, plural: resource, ...givenParts(resourceAttributes) };
}

/** An empty namespace, name or subresource is none. */
function givenParts(attributes: ResourceAttributes): object {
  const { subresource, namespace, name } = attributes;
  const parts = Object.entries({ subresource, namespace, name });
  return Object.fromEntries(parts.filter(([, value]) => (value ?? "") !== ""));
}

function rulesStatus(authorizer: Authorizer, user: UserInfo, namespace: string): object {
  const { rules, errors } = authorizer.rulesFor(user, namespace);
  const isPathRule = ({ nonResourceURLs = [] }: PolicyRule): boolean => nonResourceURLs.length > 0;
  return {
    resourceRules: rules.filter((rule) => !isPathRule(rule)),
    nonResourceRules: rules.filter(isPathRule),
    incomplete: errors.length > 0,
    ...(errors.length > 0 && { evaluationError: errors.join(", ") }),
  };
}

async function tokenStatus(
  authenticateToken: TokenAuthenticator,
  { spec: { token = "", audiences } = {} }: TokenReview,
): Promise<object> {
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  const user = await authenticateToken(token, audiences);
  if (user === undefined) return { authenticated: false, error: "invalid bearer token" };
  return { authenticated: true, user, ...(audiences !== undefined && { audiences }) };
}
