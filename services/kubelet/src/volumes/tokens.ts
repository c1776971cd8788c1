import type { Pod, ServiceAccountTokenProjection } from "@kubehop/api";
import type { RestClient } from "@kubehop/client";
import { text } from "node:stream/consumers";

/** Service account tokens of this node's pods, each fetched once and again before it expires. */
export interface TokenCache {
  /**
   * Fetches the tokens that are missing or old; gives the unix ms at which one of them must be
   * renewed (Infinity without any). Rejects when one is missing and the API server gives none; an
   * old one that still counts is kept.
   */
  refresh(pod: Pod, projections: readonly ServiceAccountTokenProjection[]): Promise<number>;
  /** A token fetched before. Throws when there is none. */
  token(pod: Pod, projection: ServiceAccountTokenProjection): string;
  /** Forgets the tokens of a pod. */
  forget(podUid: string): void;
}

interface Token {
  readonly token: string;
  readonly renewAt: number;
  readonly expires: number;
}

const DEFAULT_SECONDS = 3_600;
/** Share of its life after which a token is renewed (pkg/kubelet/token). */
const RENEW_AFTER = 0.8;
/** A token is renewed at least each day. */
const MAX_AGE_MS = 24 * 3_600_000;
/** When to try again to renew a token that still counts, in ms. */
const RETRY_MS = 10_000;
const DEADLINE_MS = 10_000;

/** Creates an empty cache over the API server's TokenRequest. */
export function createTokenCache(rest: RestClient, now: () => number): TokenCache {
  const pods = new Map<string, Map<string, Token>>();
  const tokensOf = (uid: string): Map<string, Token> => {
    const known = pods.get(uid) ?? new Map<string, Token>();
    pods.set(uid, known);
    return known;
  };
  return {
    async refresh(pod, projections) {
      const tokens = tokensOf(pod.metadata.uid ?? "");
      let next = Number.POSITIVE_INFINITY;
      for (const projection of projections) {
        const held = tokens.get(keyOf(projection));
        const fresh = held !== undefined && held.renewAt > now();
        const token = fresh ? held : await renew(rest, { pod, projection, held, now });
        tokens.set(keyOf(projection), token);
        next = Math.min(next, token.renewAt);
      }
      return next;
    },
    token(pod, projection) {
      const token = pods.get(pod.metadata.uid ?? "")?.get(keyOf(projection));
      if (token === undefined) throw new Error("its service account token was not fetched yet");
      return token.token;
    },
    forget: (podUid) => void pods.delete(podUid),
  };
}

interface Renewal {
  readonly pod: Pod;
  readonly projection: ServiceAccountTokenProjection;
  readonly held: Token | undefined;
  now(): number;
}

async function renew(rest: RestClient, renewal: Renewal): Promise<Token> {
  const { held, now } = renewal;
  try {
    return await requestToken(rest, renewal);
  } catch (error) {
    if (held === undefined || held.expires <= now()) throw error;
    return { ...held, renewAt: now() + RETRY_MS };
  }
}

async function requestToken(rest: RestClient, { pod, projection, now }: Renewal): Promise<Token> {
  const { namespace = "", name, uid } = pod.metadata;
  const account = pod.spec.serviceAccountName ?? "default";
  const expirationSeconds = projection.expirationSeconds ?? DEFAULT_SECONDS;
  const began = now();
  const { body } = await rest.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: projection.audience === undefined ? [] : [projection.audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: "v1", kind: "Pod", name, uid },
      },
    },
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const answer = JSON.parse(await text(body)) as {
    status?: { token?: string; expirationTimestamp?: string };
  };
  const { token, expirationTimestamp } = answer.status ?? {};
  if (token === undefined) throw new Error(`the API server gave no token for ${account}`);
  const life = Math.max(0, Date.parse(expirationTimestamp ?? "") - began);
  const lifeMs = Number.isNaN(life) ? expirationSeconds * 1_000 : life;
  const renewAt = began + Math.min(lifeMs * RENEW_AFTER, MAX_AGE_MS);
  return { token, renewAt, expires: began + lifeMs };
}

function keyOf({ audience = "", expirationSeconds, path }: ServiceAccountTokenProjection): string {
  return JSON.stringify([audience, expirationSeconds, path]);
}
