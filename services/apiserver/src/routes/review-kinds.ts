import type { Kind, KubeObject } from "@kubehop/api";
import { type TSchema, Type } from "typebox";

/** Asks whether somebody may do something (authorization.k8s.io/v1). */
export interface AccessReview extends KubeObject {
  spec?: {
    resourceAttributes?: ResourceAttributes;
    nonResourceAttributes?: { path?: string; verb?: string };
    /** Absent from a SelfSubjectAccessReview. */
    user?: string;
    groups?: string[];
    uid?: string;
  };
}

/** An access to a resource, as reviews name it. */
export interface ResourceAttributes {
  namespace?: string;
  verb?: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  name?: string;
}

/** Asks what the sender may do in a namespace (authorization.k8s.io/v1). */
export interface SelfSubjectRulesReview extends KubeObject {
  spec?: { namespace?: string };
}

/** Asks whose token it is (authentication.k8s.io/v1). */
export interface TokenReview extends KubeObject {
  spec?: { token?: string; audiences?: string[] };
}

const AUTHENTICATION = "authentication.k8s.io";
const AUTHORIZATION = "authorization.k8s.io";

const anything = Type.Unsafe({ type: "object", "x-kubernetes-preserve-unknown-fields": true });
const texts = Type.Array(Type.String());

const access = {
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
};
const subject = Type.Object({
  ...access,
  user: Type.String(),
  groups: texts,
  uid: Type.String(),
  extra: anything,
});

/** May the sender do it? */
export const SelfSubjectAccessReviewKind: Kind<AccessReview> = reviewKind(
  AUTHORIZATION,
  "SelfSubjectAccessReview",
  Type.Object(access),
);

/** May that user do it? */
export const SubjectAccessReviewKind: Kind<AccessReview> = reviewKind(
  AUTHORIZATION,
  "SubjectAccessReview",
  subject,
);

/** May that user do it in this namespace? */
export const LocalSubjectAccessReviewKind: Kind<AccessReview> = {
  ...reviewKind<AccessReview>(AUTHORIZATION, "LocalSubjectAccessReview", subject),
  namespaced: true,
};

/** What may the sender do in a namespace? */
export const SelfSubjectRulesReviewKind: Kind<SelfSubjectRulesReview> = reviewKind(
  AUTHORIZATION,
  "SelfSubjectRulesReview",
  Type.Object({ namespace: Type.String() }),
);

/** Who is the sender? */
export const SelfSubjectReviewKind: Kind = reviewKind(
  AUTHENTICATION,
  "SelfSubjectReview",
  Type.Object({}),
);

/** Whose token is it? */
export const TokenReviewKind: Kind<TokenReview> = reviewKind(
  AUTHENTICATION,
  "TokenReview",
  Type.Object({ token: Type.String(), audiences: texts }),
);

/** All reviews, for discovery. */
export const REVIEWS: readonly Kind[] = [
  SelfSubjectAccessReviewKind,
  SubjectAccessReviewKind,
  LocalSubjectAccessReviewKind,
  SelfSubjectRulesReviewKind,
  SelfSubjectReviewKind,
  TokenReviewKind,
] as readonly Kind[];

function reviewKind<T extends KubeObject>(group: string, kind: string, spec: TSchema): Kind<T> {
  const schema = Type.Object(
    {
      apiVersion: Type.String(),
      kind: Type.String(),
      metadata: anything,
      spec,
      status: anything,
    },
    { title: kind },
  );
  return {
    group,
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: false,
    schema,
    status: false,
    scale: false,
    generation: false,
    verbs: ["create"],
  };
}
