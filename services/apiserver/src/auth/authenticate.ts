import { Kinds, registryKey, unauthorized } from "@kubehop/api";
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import type { ObjectStore } from "../resources/object-store.ts";
import type { ServiceAccountTokens, TokenClaims } from "./service-account-tokens.ts";
import { ANONYMOUS, AUTHENTICATED, serviceAccountGroups, type UserInfo } from "./user.ts";

/** Subprotocol in which WebSocket clients may put their token. */
const BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

/** Says who sends a request; throws 401 when a token or certificate is there but not valid. */
export type Authenticator = (request: IncomingMessage) => Promise<UserInfo>;

/**
 * Says whose token it is; undefined when it is forged, expired, for none of the audiences (default:
 * this API server), or when its ServiceAccount or the pod it is bound to is gone.
 */
export type TokenAuthenticator = (
  token: string,
  audiences?: readonly string[],
) => Promise<UserInfo | undefined>;

/** Creates the authenticator of ServiceAccounts' tokens. */
export function createTokenAuthenticator(deps: {
  readonly tokens: ServiceAccountTokens;
  readonly store: Pick<ObjectStore, "find">;
}): TokenAuthenticator {
  return async (token, audiences) => {
    const claims = await deps.tokens.verify(token, audiences);
    if (claims === undefined || !(await isAlive(claims, deps.store))) return undefined;
    return userOfClaims(claims);
  };
}

/**
 * Creates the authenticator: a client certificate of the cluster's CA names the user (CN) and
 * groups (O); else a bearer token must be a ServiceAccount's; else the sender is anonymous.
 */
export function createAuthenticator(authenticateToken: TokenAuthenticator): Authenticator {
  const users = new WeakMap<TLSSocket, UserInfo | undefined>();
  const certificateUser = (socket: unknown): UserInfo | undefined => {
    if (!(socket instanceof TLSSocket)) return undefined;
    if (!users.has(socket)) users.set(socket, userOfCertificate(socket));
    return users.get(socket);
  };
  return async (request) => {
    const known = certificateUser(request.socket);
    if (known !== undefined) return known;
    const token = bearerToken(request);
    if (token === undefined) return ANONYMOUS;
    const user = await authenticateToken(token);
    if (user === undefined) throw unauthorized();
    return user;
  };
}

/** The subprotocols of a WebSocket request without the one that carries the token. */
export function protocolsWithoutToken(header: string): string {
  return protocolsOf(header)
    .filter((protocol) => !protocol.startsWith(BEARER_PROTOCOL))
    .join(", ");
}

function userOfCertificate(socket: TLSSocket): UserInfo | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  if (!socket.authorized) throw unauthorized();
  const { subject } = socket.getPeerCertificate();
  const [username] = listOf(subject.CN);
  if (username === undefined) throw unauthorized();
  return { username, groups: [...listOf(subject.O), AUTHENTICATED] };
}

/** Node gives a repeated attribute as an array, which its types do not say. */
function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? [value] : value;
}

function bearerToken(request: IncomingMessage): string | undefined {
  const match = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? "");
  if (match !== null) return match[1];
  const protocol = protocolsOf(request.headers["sec-websocket-protocol"] ?? "").find((text) =>
    text.startsWith(BEARER_PROTOCOL),
  );
  if (protocol === undefined) return undefined;
  return Buffer.from(protocol.slice(BEARER_PROTOCOL.length), "base64url").toString();
}

function protocolsOf(header: string): string[] {
  return header.split(",").map((protocol) => protocol.trim());
}

/** A token ends with its ServiceAccount and with the pod it is bound to. */
async function isAlive(claims: TokenClaims, store: Pick<ObjectStore, "find">): Promise<boolean> {
  const { namespace, serviceAccount, pod } = claims;
  const account = await store.find(
    registryKey(Kinds.ServiceAccount, { namespace, name: serviceAccount.name }),
  );
  if (account?.object.metadata.uid !== serviceAccount.uid) return false;
  if (pod === undefined) return true;
  const bound = await store.find(registryKey(Kinds.Pod, { namespace, name: pod.name }));
  return bound?.object.metadata.uid === pod.uid;
}

function userOfClaims({ namespace, serviceAccount }: TokenClaims): UserInfo {
  return {
    username: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    uid: serviceAccount.uid,
    groups: [...serviceAccountGroups(namespace), AUTHENTICATED],
  };
}
