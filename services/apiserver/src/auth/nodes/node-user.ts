import type { UserInfo } from "../user.ts";

const PREFIX = "system:node:";
const GROUP = "system:nodes";

/** The node whose kubelet a user is; undefined for everybody else (source: pkg/auth/nodeidentifier). */
export function nodeOf({ username, groups }: UserInfo): string | undefined {
  if (!username.startsWith(PREFIX) || !groups.includes(GROUP)) return undefined;
  return username.slice(PREFIX.length) || undefined;
}
