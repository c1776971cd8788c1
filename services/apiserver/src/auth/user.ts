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
