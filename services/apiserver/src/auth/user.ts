/** Who sends a request. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

/** Somebody who showed neither a certificate nor a token. */
export const ANONYMOUS: UserInfo = {
  username: "system:anonymous",
  groups: ["system:unauthenticated"],
};

/** Group of everybody whose identity was proved. */
export const AUTHENTICATED = "system:authenticated";

/** Group of those who may do everything. */
export const MASTERS = "system:masters";

/** Group of everybody else. */
export const UNAUTHENTICATED = "system:unauthenticated";

const SERVICE_ACCOUNT = "system:serviceaccount:";

/** Namespace and name of the ServiceAccount a user is; undefined for other users. */
export function serviceAccountOf(
  username: string,
): { readonly namespace: string; readonly name: string } | undefined {
  if (!username.startsWith(SERVICE_ACCOUNT)) return undefined;
  const [namespace = "", name = "", ...rest] = username.slice(SERVICE_ACCOUNT.length).split(":");
  return namespace === "" || name === "" || rest.length > 0 ? undefined : { namespace, name };
}

/** Groups of a namespace's ServiceAccounts. */
export function serviceAccountGroups(namespace: string): string[] {
  return ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
}
