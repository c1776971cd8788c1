import { hostname } from "node:os";

/** Who this pod says it is. */
export interface PodIdentity {
  /** The pod's name: its host name. */
  readonly pod: string;
  /** From the downward API (env NODE_NAME, fieldRef spec.nodeName), when the manifest asks for it. */
  readonly node?: string;
}

/** Reads the identity from the environment a kubelet gives every container. */
export function podIdentity(env: Readonly<Record<string, string | undefined>>): PodIdentity {
  const node = env["NODE_NAME"];
  return { pod: env["HOSTNAME"] ?? hostname(), ...(node ? { node } : {}) };
}

/** "::ffff:10.244.1.5" → "10.244.1.5": a dual-stack socket's way to write an IPv4 peer. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/, "");
}

/** "10.244.1.5:40312" or "[fd00::5]:40312". */
export function hostPort(address: string | undefined, port: number | undefined): string {
  const plain = plainAddress(address);
  return `${plain.includes(":") ? `[${plain}]` : plain}:${port ?? 0}`;
}
