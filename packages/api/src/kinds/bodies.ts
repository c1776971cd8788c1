import { typeAndMeta, type KubeObject, type ObjectMeta } from "../meta/object-meta.ts";
import { bool, int32, int64, list, object, text, time, titleOf, type SchemaOf } from "../schema.ts";
import type { Kind } from "./kind.ts";
import { ObjectReferenceSchema, type ObjectReference } from "./object-reference.ts";

/** How to delete an object. */
export type DeleteOptions = {
  apiVersion?: string;
  kind?: string;
  gracePeriodSeconds?: number;
  preconditions?: Preconditions;
  orphanDependents?: boolean;
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  dryRun?: string[];
};

/** What must be true of the object, else 409. */
export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

/** The subresource /scale. */
export type Scale = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec?: ScaleSpec;
  status?: ScaleStatus;
};

/** How many there should be. */
export interface ScaleSpec {
  replicas?: number;
}

/** How many there are. */
export interface ScaleStatus {
  replicas: number;
  /** Text of the label selector of the pods. */
  selector?: string;
}

/** Assigns a pod to a node (pods/binding). */
export type Binding = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  target: ObjectReference;
};

/** Asks a pod to go (pods/eviction). */
export type Eviction = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  deleteOptions?: DeleteOptions;
};

/** Asks for a ServiceAccount token (serviceaccounts/token). */
export type TokenRequest = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: TokenRequestSpec;
  status?: TokenRequestStatus;
};

/** What the token should hold. */
export interface TokenRequestSpec {
  audiences?: string[];
  expirationSeconds?: number;
  boundObjectRef?: ObjectReference;
}

/** The token. */
export interface TokenRequestStatus {
  token: string;
  expirationTimestamp: string;
}

/** A kind that is only the body of a request: no storage, no path of its own. */
export type BodyKind<T extends KubeObject = KubeObject> = Pick<
  Kind<T>,
  "group" | "version" | "kind" | "schema" | "~object"
>;

const DeleteOptionsSchema: SchemaOf<DeleteOptions> = object<DeleteOptions>(
  "DeleteOptions",
  "How to delete.",
  {
    apiVersion: text("v1."),
    kind: text("DeleteOptions."),
    gracePeriodSeconds: int64("Seconds a pod may take to end."),
    preconditions: object<Preconditions>("Preconditions", "What must be true of the object.", {
      uid: text("Its UID."),
      resourceVersion: text("Its version."),
    }),
    orphanDependents: bool("Deprecated."),
    propagationPolicy: text("Orphan, Background or Foreground."),
    dryRun: list(text(""), "All: do nothing.", { listType: "atomic" }),
  },
);

/** The bodies of subresource requests. */
export const BodyKinds: {
  readonly Scale: BodyKind<Scale>;
  readonly Binding: BodyKind<Binding>;
  readonly Eviction: BodyKind<Eviction>;
  readonly TokenRequest: BodyKind<TokenRequest>;
  readonly DeleteOptions: BodyKind;
} = {
  Scale: body(
    "autoscaling",
    "v1",
    object<Scale>("Scale", "How many pods there should be.", {
      ...typeAndMeta,
      spec: object<ScaleSpec>("ScaleSpec", "Desired state.", { replicas: int32("How many.") }),
      status: object<ScaleStatus>("ScaleStatus", "State.", {
        replicas: int32("How many there are."),
        selector: text("Label selector of the pods."),
      }),
    }),
  ),
  Binding: body(
    "",
    "v1",
    object<Binding>("Binding", "Assigns a pod to a node.", {
      ...typeAndMeta,
      target: ObjectReferenceSchema,
    }),
  ),
  Eviction: body(
    "policy",
    "v1",
    object<Eviction>("Eviction", "Asks a pod to go.", {
      ...typeAndMeta,
      deleteOptions: DeleteOptionsSchema,
    }),
  ),
  TokenRequest: body(
    "authentication.k8s.io",
    "v1",
    object<TokenRequest>("TokenRequest", "Asks for a token of a ServiceAccount.", {
      ...typeAndMeta,
      spec: object<TokenRequestSpec>("TokenRequestSpec", "What the token should hold.", {
        audiences: list(text(""), "Who may accept it.", { listType: "atomic" }),
        expirationSeconds: int64("How long it is valid; default 3600."),
        boundObjectRef: ObjectReferenceSchema,
      }),
      status: object<TokenRequestStatus>("TokenRequestStatus", "The token.", {
        token: text("The token."),
        expirationTimestamp: time("When it expires."),
      }),
    }),
  ),
  DeleteOptions: body("", "v1", DeleteOptionsSchema),
};

function body<T extends KubeObject>(
  group: string,
  version: string,
  schema: SchemaOf<unknown>,
): BodyKind<T> {
  return { group, version, kind: titleOf(schema), schema };
}
