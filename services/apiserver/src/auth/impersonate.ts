import { badRequest } from "@kubehop/api";
import type { IncomingMessage } from "node:http";
import type { ResourceAccess } from "./attributes.ts";
import type { Authorizer } from "./authorize.ts";
import {
  ANONYMOUS,
  AUTHENTICATED,
  serviceAccountGroups,
  serviceAccountOf,
  UNAUTHENTICATED,
  type UserInfo,
} from "./user.ts";

const USER = "impersonate-user";
const GROUP = "impersonate-group";
const UID = "impersonate-uid";
const EXTRA = "impersonate-extra-";

/**
 * The user a request is to be handled as: the sender, or whom its Impersonate-* headers name if the
 * sender has the verb `impersonate` on each of user, groups and uid (source:
 * apiserver/pkg/endpoints/filters/impersonation.go). Throws 400 or 403.
 */
export function impersonatedUser(
  authorizer: Authorizer,
  sender: UserInfo,
  { headersDistinct }: Pick<IncomingMessage, "headersDistinct">,
): UserInfo {
  const [username = ""] = headersDistinct[USER] ?? [];
  const groups = headersDistinct[GROUP] ?? [];
  const [uid] = headersDistinct[UID] ?? [];
  const extras = Object.keys(headersDistinct).filter((header) => header.startsWith(EXTRA));
  if (username === "") {
    const asked = [...groups, ...(uid === undefined ? [] : [uid]), ...extras];
    if (asked.length === 0) return sender;
    throw badRequest(`requested ${JSON.stringify(asked)} without impersonating a user`);
  }
  const account = serviceAccountOf(username);
  const accesses = [
    account === undefined
      ? impersonate({ group: "", plural: "users", name: username })
      : impersonate({ group: "", plural: "serviceaccounts", ...account }),
    ...groups.map((name) => impersonate({ group: "", plural: "groups", name })),
    ...(uid === undefined ? [] : [authentication({ plural: "uids", name: uid })]),
    ...extras.flatMap((header) =>
      (headersDistinct[header] ?? []).map((name) =>
        authentication({ plural: "userextras", subresource: header.slice(EXTRA.length), name }),
      ),
    ),
  ];
  for (const access of accesses) authorizer.authorize(sender, access);
  return {
    username,
    ...(uid !== undefined && { uid }),
    groups: withImpliedGroups(username, groups),
  };
}

type Asked = Omit<ResourceAccess, "verb" | "version">;

function impersonate(asked: Asked): ResourceAccess {
  return { verb: "impersonate", version: "v1", ...asked };
}

function authentication(asked: Omit<Asked, "group">): ResourceAccess {
  return impersonate({ group: "authentication.k8s.io", ...asked });
}

function withImpliedGroups(username: string, groups: readonly string[]): string[] {
  const account = serviceAccountOf(username);
  const own = groups.length === 0 && account ? serviceAccountGroups(account.namespace) : groups;
  const implied = username === ANONYMOUS.username ? UNAUTHENTICATED : AUTHENTICATED;
  const isTold = own.includes(AUTHENTICATED) || own.includes(UNAUTHENTICATED);
  return isTold ? [...own] : [...own, implied];
}
