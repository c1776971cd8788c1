import {
  type Decodable,
  invalid,
  invalidValue,
  Kinds,
  type KubeObject,
  methodNotAllowed,
  notFound,
  type Pod,
} from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { Type } from "typebox";
import { checkNodeToken } from "../auth/nodes/node-restriction.ts";
import { nodeOf } from "../auth/nodes/node-user.ts";
import type { ServiceAccountTokens, TokenClaims } from "../auth/service-account-tokens.ts";
import { sendJson } from "../http/answer.ts";
import { parseWriteOptions } from "../http/write-options.ts";
import { timestamp } from "../resources/metadata.ts";
import type { Resources } from "../resources/resources.ts";
import { keyOf } from "../resources/target.ts";
import { type Call, objectOf, viewOf } from "./call.ts";
import { entryOf } from "./read.ts";

/** Asks for a token of a ServiceAccount (authentication.k8s.io/v1). */
interface TokenRequest extends KubeObject {
  spec?: {
    audiences?: string[];
    expirationSeconds?: number;
    boundObjectRef?: { kind?: string; name?: string; uid?: string };
  };
}

const TokenRequestKind: Decodable<TokenRequest> = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  schema: Type.Object({
    apiVersion: Type.String(),
    kind: Type.String(),
    metadata: Type.Unsafe({ type: "object", "x-kubernetes-preserve-unknown-fields": true }),
    spec: Type.Object({
      audiences: Type.Array(Type.String()),
      expirationSeconds: Type.Integer(),
      boundObjectRef: Type.Object({
        apiVersion: Type.String(),
        kind: Type.String(),
        name: Type.String(),
        uid: Type.String(),
      }),
    }),
    status: Type.Object({ token: Type.String(), expirationTimestamp: Type.String() }),
  }),
};

const DEFAULT_SECONDS = 3_600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** POST of serviceaccounts/NAME/token: issues a token, maybe bound to a pod. */
export async function requestToken(
  resources: Resources,
  tokens: ServiceAccountTokens,
  call: Call,
): Promise<FastifyReply> {
  if (call.resource.verb !== "create") throw methodNotAllowed();
  const { fieldValidation } = parseWriteOptions(call.query, "CreateOptions");
  const view = viewOf(call);
  const { object: account } = await entryOf(resources, call);
  const request = objectOf(call, TokenRequestKind, fieldValidation);
  const { audiences = [], expirationSeconds = DEFAULT_SECONDS } = request.spec ?? {};
  checkExpiration(account.metadata.name, expirationSeconds);
  const granted = {
    audiences: audiences.length === 0 ? tokens.defaultAudiences : audiences,
    expirationSeconds,
  };
  const bound = await boundPod(resources, call, request);
  const node = nodeOf(call.user);
  if (node !== undefined) checkNodeToken(node, account.metadata.name, bound);
  const pod = bound && { name: bound.metadata.name, uid: bound.metadata.uid ?? "" };
  const { name, namespace = "", uid = "" } = account.metadata;
  const claims: TokenClaims = {
    namespace,
    serviceAccount: { name, uid },
    ...(pod !== undefined && { pod }),
  };
  const issued = await tokens.issue(claims, granted);
  const answer = {
    ...request,
    metadata: { name, namespace, creationTimestamp: timestamp(call.now) },
    spec: { ...request.spec, ...granted },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expires) },
  };
  return sendJson(call.reply.code(201), JSON.stringify(answer), view);
}

function checkExpiration(name: string, seconds: number): void {
  const field = "spec.expirationSeconds";
  if (seconds < MIN_SECONDS) {
    const why = "may not specify a duration less than 10 minutes";
    throw invalid(TokenRequestKind, name, [invalidValue(field, seconds, why)]);
  }
  if (seconds > MAX_SECONDS) {
    const why = "may not specify a duration larger than 2^32 seconds";
    throw invalid(TokenRequestKind, name, [invalidValue(field, seconds, why)]);
  }
}

async function boundPod(
  { store }: Resources,
  { target }: Call,
  { spec, metadata }: TokenRequest,
): Promise<Pod | undefined> {
  const bound = spec?.boundObjectRef;
  if (bound === undefined) return undefined;
  if (bound.kind !== Kinds.Pod.kind) {
    const why = "cannot bind token to this object; only pods are supported";
    const cause = invalidValue("spec.boundObjectRef.kind", bound.kind, why);
    throw invalid(TokenRequestKind, metadata.name ?? "", [cause]);
  }
  const name = bound.name ?? "";
  const pod = await store.find(keyOf({ ...target, kind: Kinds.Pod }, name));
  const uid = pod?.object.metadata.uid;
  if (pod === undefined || uid === undefined) throw notFound(Kinds.Pod, name);
  checkUid(metadata.name ?? "", bound.uid ?? "", uid);
  return pod.object as unknown as Pod;
}

/** Throws 422 when a request is about another pod of the same name. */
function checkUid(account: string, asked: string, uid: string): void {
  if (asked === "" || asked === uid) return;
  const why = `the UID in the bound object reference (${asked}) does not match the UID in record`;
  throw invalid(TokenRequestKind, account, [invalidValue("spec.boundObjectRef.uid", asked, why)]);
}
