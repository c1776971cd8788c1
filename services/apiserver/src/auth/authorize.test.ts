import { Kinds, type PolicyRule, StatusError } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { bindingOf, createTestCache, putAll, roleOf, type TestCache } from "../testing/rbac.ts";
import { accessOf } from "./attributes.ts";
import { createAuthorizer, type Authorizer } from "./authorize.ts";
import { impersonatedUser } from "./impersonate.ts";
import { createNodeAuthorizer } from "./nodes/node-authorizer.ts";
import { createEscalationCheck } from "./rbac/escalation.ts";
import { createGrants } from "./rbac/grants.ts";
import { ANONYMOUS, type UserInfo } from "./user.ts";

const ann: UserInfo = { username: "ann", groups: ["dev", "system:authenticated"] };
const master: UserInfo = { username: "root", groups: ["system:masters"] };
const builder: UserInfo = {
  username: "system:serviceaccount:shop:builder",
  groups: ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"],
};
const readPods: PolicyRule = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] };
const getPod = {
  verb: "get",
  group: "",
  version: "v1",
  plural: "pods",
  namespace: "shop",
  name: "a",
};
const user = { kind: "User", name: "ann" };

function setup(): {
  cache: TestCache;
  authorizer: Authorizer;
  grants: ReturnType<typeof createGrants>;
} {
  const cache = createTestCache();
  const grants = createGrants(cache.cache);
  return { cache, grants, authorizer: createAuthorizer(grants, createNodeAuthorizer(cache.cache)) };
}

function messageOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "";
}

describe("the authorizer", () => {
  test("gives nobody anything by itself, and masters everything", () => {
    const { authorizer } = setup();
    expect(authorizer.decide(ann, getPod)).toEqual({ allowed: false, reason: "" });
    expect(authorizer.decide(master, getPod)).toEqual({ allowed: true, reason: "" });
    expect(messageOf(() => authorizer.authorize(ann, getPod))).toBe(
      '403 pods "a" is forbidden: User "ann" cannot get resource "pods" in API group "" in the namespace "shop"',
    );
    const path = { verb: "get", path: "/metrics" };
    expect(messageOf(() => authorizer.authorize(ANONYMOUS, path))).toBe(
      '403 forbidden: User "system:anonymous" cannot get path "/metrics"',
    );
  });

  test.each<[string, UserInfo, object]>([
    ["a user", ann, user],
    ["a group", ann, { kind: "Group", name: "dev" }],
    ["a ServiceAccount", builder, { kind: "ServiceAccount", namespace: "shop", name: "builder" }],
    ["all ServiceAccounts", builder, { kind: "Group", name: "system:serviceaccounts:shop" }],
  ])("goes by a binding to %s", (_what, who, subject) => {
    const { cache, authorizer } = setup();
    putAll(cache, [
      roleOf("reader", [readPods]),
      bindingOf("b", "ClusterRole/reader", [subject as typeof user]),
    ]);
    expect(authorizer.decide(who, getPod).allowed).toBe(true);
    expect(authorizer.decide(who, { ...getPod, verb: "delete" }).allowed).toBe(false);
  });

  test("a RoleBinding counts in its namespace alone; there a ServiceAccount needs no other", () => {
    const { cache, authorizer } = setup();
    const subjects = [user, { kind: "ServiceAccount", name: "builder" }];
    putAll(cache, [
      roleOf("reader", [readPods], "shop"),
      bindingOf("b", "Role/reader", subjects, "shop"),
    ]);
    expect(authorizer.decide(ann, getPod)).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "b/shop" of Role "reader" to User "ann"',
    });
    expect(authorizer.decide(builder, getPod).reason).toContain('to ServiceAccount "builder/shop"');
    expect(authorizer.decide(ann, { ...getPod, namespace: "other" }).allowed).toBe(false);
    const { namespace: _none, ...everywhere } = getPod;
    expect(authorizer.decide(ann, everywhere).allowed).toBe(false);
  });

  test("tells which roles are missing", () => {
    const { cache, authorizer } = setup();
    putAll(cache, [
      bindingOf("b", "ClusterRole/gone", [user]),
      bindingOf("c", "Role/lost", [user], "shop"),
    ]);
    expect(authorizer.decide(ann, getPod).reason).toBe(
      'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, role.rbac.authorization.k8s.io "lost" not found]',
    );
    expect(messageOf(() => authorizer.authorize(ann, { verb: "get", path: "/x" }))).toBe(
      '403 forbidden: User "ann" cannot get path "/x": RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    );
  });

  test("follows every change", () => {
    const { cache, authorizer } = setup();
    const binding = bindingOf("b", "ClusterRole/reader", [user]);
    const isAllowed = (): boolean => authorizer.decide(ann, getPod).allowed;
    expect(isAllowed()).toBe(false);
    putAll(cache, [binding]);
    expect(isAllowed()).toBe(false);
    putAll(cache, [roleOf("reader", [readPods])]);
    expect(isAllowed()).toBe(true);
    putAll(cache, [roleOf("reader", [])]);
    expect(isAllowed()).toBe(false);
    putAll(cache, [roleOf("reader", [readPods])]);
    cache.remove(Kinds.ClusterRoleBinding, binding);
    expect(isAllowed()).toBe(false);
    // Another registry takes the place of the first one.
    cache.cache.load([], 50);
    putAll(cache, [binding, roleOf("reader", [readPods])]);
    expect(isAllowed()).toBe(true);
  });

  test("a list of one object is asked for by its name", () => {
    const query = new URLSearchParams({ fieldSelector: "metadata.name=a" });
    const { name: _none, ...list } = { ...getPod, verb: "list" as const };
    expect(accessOf("GET", "/x", list, query)).toMatchObject({ name: "a" });
    expect(accessOf("GET", "/x", list)).not.toHaveProperty("name");
    const bad = new URLSearchParams({ fieldSelector: "!" });
    expect(accessOf("GET", "/x", list, bad)).not.toHaveProperty("name");
  });
});

describe("impersonation", () => {
  const as = (sender: UserInfo, headersDistinct: Record<string, string[]>): UserInfo => {
    const { cache, authorizer } = setup();
    const rule = { verbs: ["impersonate"], apiGroups: [""], resources: ["users", "groups"] };
    putAll(cache, [roleOf("actor", [rule]), bindingOf("b", "ClusterRole/actor", [user])]);
    return impersonatedUser(authorizer, sender, { headersDistinct });
  };

  test("without headers the sender is the sender", () => {
    expect(as(ann, {})).toBe(ann);
  });

  test("as a user and groups", () => {
    expect(as(ann, { "impersonate-user": ["bob"], "impersonate-group": ["a", "b"] })).toEqual({
      username: "bob",
      groups: ["a", "b", "system:authenticated"],
    });
    expect(as(master, { "impersonate-user": ["system:anonymous"] }).groups).toEqual([
      "system:unauthenticated",
    ]);
  });

  test("as a ServiceAccount one has its groups", () => {
    expect(as(master, { "impersonate-user": [builder.username] })).toEqual(builder);
  });

  test.each<[UserInfo, Record<string, string[]>, string]>([
    [
      { username: "eve", groups: [] },
      { "impersonate-user": ["bob"] },
      '403 users "bob" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
    ],
    [
      ann,
      { "impersonate-user": [builder.username] },
      '403 serviceaccounts "builder" is forbidden: User "ann" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop"',
    ],
    [
      ann,
      { "impersonate-user": ["bob"], "impersonate-uid": ["7"] },
      '403 uids.authentication.k8s.io "7" is forbidden: User "ann" cannot impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope',
    ],
    [
      ann,
      { "impersonate-user": ["bob"], "impersonate-extra-scope": ["x"] },
      '403 userextras.authentication.k8s.io "x" is forbidden: User "ann" cannot impersonate resource "userextras/scope" in API group "authentication.k8s.io" at the cluster scope',
    ],
    [ann, { "impersonate-group": ["a"] }, '400 requested ["a"] without impersonating a user'],
  ])("%j as %j", (sender, headers, message) => {
    expect(messageOf(() => as(sender, headers))).toBe(message);
  });
});

describe("nobody gives away more than he has", () => {
  const writeRoles = { verbs: ["*"], apiGroups: ["rbac.authorization.k8s.io"], resources: ["*"] };
  const { verbs: _all, ...ofRoles } = writeRoles;

  function check(own: PolicyRule[], objects: readonly ReturnType<typeof roleOf>[] = []) {
    const { cache, authorizer, grants } = setup();
    putAll(cache, [
      roleOf("own", [{ ...ofRoles, verbs: ["create", "update"] }, ...own]),
      bindingOf("b", "ClusterRole/own", [user]),
      ...objects,
    ]);
    const confirm = createEscalationCheck(authorizer, grants);
    return (object: ReturnType<typeof roleOf>, old?: ReturnType<typeof roleOf>, who = ann) =>
      messageOf(() => {
        const { namespace } = object.metadata;
        confirm({ user: who, kind: Kinds[object.kind as "Role"], namespace, object, old });
      });
  }

  const secrets = { ...readPods, resources: ["secrets"] };
  const refused =
    '403 clusterroles.rbac.authorization.k8s.io "x" is forbidden: user "ann" (groups=["dev" "system:authenticated"]) ' +
    'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}';

  test("rules of a role", () => {
    const confirm = check([readPods]);
    expect(confirm(roleOf("x", [readPods]))).toBe("");
    expect(confirm(roleOf("x", [readPods, secrets]))).toBe(refused);
    expect(confirm(roleOf("x", [secrets]), roleOf("x", [secrets]))).toBe("");
    expect(confirm(roleOf("x", [secrets]), roleOf("x", [readPods]))).toBe(refused);
    expect(confirm(roleOf("x", [secrets]), undefined, master)).toBe("");
    expect(check([{ ...ofRoles, verbs: ["escalate"] }])(roleOf("x", [secrets]))).toBe("");
  });

  test("an aggregation needs everything", () => {
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] };
    const role = { ...roleOf("x", []), aggregationRule };
    expect(check([])(role)).toContain(
      "must have cluster-admin privileges to use an aggregationRule",
    );
    const everything = [
      { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
      { verbs: ["*"], nonResourceURLs: ["*"] },
    ];
    expect(check(everything)(role)).toBe("");
  });

  test("the role of a binding", () => {
    const target = roleOf("secrets", [secrets]);
    const binding = bindingOf("x", "ClusterRole/secrets", [{ kind: "User", name: "bob" }]);
    expect(check([], [target])(binding)).toContain("is attempting to grant RBAC permissions");
    expect(check([secrets], [target])(binding)).toBe("");
    const bind = { ...ofRoles, verbs: ["bind"], resourceNames: ["secrets"] };
    expect(check([bind], [target])(binding)).toBe("");
    expect(check([], [])(binding)).toBe(
      '404 clusterroles.rbac.authorization.k8s.io "secrets" not found',
    );
    expect(check([], [target])(binding, binding)).toBe("");
  });
});
