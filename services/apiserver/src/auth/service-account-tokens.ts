import { errors, jwtVerify, SignJWT } from "jose";
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from "node:crypto";

/** What a ServiceAccount's token says. */
export interface TokenClaims {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  /** The pod the token is bound to: it ends with the pod. */
  readonly pod?: { readonly name: string; readonly uid: string };
}

/** A signed token and when it ends. */
export interface IssuedToken {
  readonly token: string;
  /** Unix time in ms. */
  readonly expires: number;
}

/** Signs and verifies the tokens of ServiceAccounts. */
export interface ServiceAccountTokens {
  issue(
    claims: TokenClaims,
    options: { readonly audiences: readonly string[]; readonly expirationSeconds: number },
  ): Promise<IssuedToken>;
  /**
   * The token's claims; undefined when it is forged, expired or for none of the audiences
   * (default: this API server).
   */
  verify(token: string, audiences?: readonly string[]): Promise<TokenClaims | undefined>;
  /** The audience of tokens that ask for none: this API server. */
  readonly defaultAudiences: readonly string[];
}

/** Keys (PEM) and issuer of the tokens. */
export interface TokenKeys {
  readonly signingKey: string;
  readonly publicKey: string;
  readonly issuer: string;
  /** Unix time in ms. */
  readonly now: () => number;
}

/** Creates the token authority. Throws when a key is not PEM or neither RSA nor EC P-256. */
export function createServiceAccountTokens(keys: TokenKeys): ServiceAccountTokens {
  const privateKey = createPrivateKey(keys.signingKey);
  const publicKey = createPublicKey(keys.publicKey);
  const alg = algorithmOf(privateKey);
  return {
    defaultAudiences: [keys.issuer],
    async issue(claims, { audiences, expirationSeconds }) {
      const issued = Math.floor(keys.now() / 1_000);
      const expires = issued + expirationSeconds;
      const token = await new SignJWT({ "kubernetes.io": toWire(claims) })
        .setProtectedHeader({ alg })
        .setIssuer(keys.issuer)
        .setSubject(`system:serviceaccount:${claims.namespace}:${claims.serviceAccount.name}`)
        .setAudience([...audiences])
        .setJti(randomUUID())
        .setIssuedAt(issued)
        .setNotBefore(issued)
        .setExpirationTime(expires)
        .sign(privateKey);
      return { token, expires: expires * 1_000 };
    },
    async verify(token, audiences = [keys.issuer]) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          issuer: keys.issuer,
          audience: [...audiences],
          algorithms: [alg],
          currentDate: new Date(keys.now()),
        });
        return fromWire(payload["kubernetes.io"]);
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}

function algorithmOf(key: KeyObject): "RS256" | "ES256" {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return "RS256";
    case "ec":
      return "ES256";
    default:
      throw new Error(
        `The ServiceAccount signing key is ${key.asymmetricKeyType ?? "unknown"}; ` +
          "it must be RSA or EC P-256.",
      );
  }
}

/** The claims in upstream's form (pkg/serviceaccount/claims.go). */
function toWire(claims: TokenClaims): Record<string, unknown> {
  return {
    namespace: claims.namespace,
    serviceaccount: claims.serviceAccount,
    ...(claims.pod !== undefined && { pod: claims.pod }),
  };
}

function fromWire(value: unknown): TokenClaims | undefined {
  const { namespace, serviceaccount, pod } = (value ?? {}) as Record<string, unknown>;
  const serviceAccount = readReference(serviceaccount);
  if (typeof namespace !== "string" || serviceAccount === undefined) return undefined;
  const boundPod = readReference(pod);
  return { namespace, serviceAccount, ...(boundPod !== undefined && { pod: boundPod }) };
}

function readReference(value: unknown): { name: string; uid: string } | undefined {
  const { name, uid } = (value ?? {}) as Record<string, unknown>;
  return typeof name === "string" && typeof uid === "string" ? { name, uid } : undefined;
}
