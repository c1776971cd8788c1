import { Kinds } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import {
  clusterRoleBindingStrategy,
  clusterRoleStrategy,
  roleBindingStrategy,
  roleStrategy,
} from "./rbac.ts";

const metadata = { name: "system:reader" };
const role = (rule: object) =>
  created(Kinds.Role, roleStrategy, { metadata, rules: [rule] }).causes;
const clusterRole = (fields: object) =>
  created(Kinds.ClusterRole, clusterRoleStrategy, { metadata, ...fields }).causes;
const good = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };

describe("rules", () => {
  test("good ones", () => {
    expect(role(good)).toEqual([]);
    expect(clusterRole({ rules: [good, { verbs: ["*"], nonResourceURLs: ["*"] }] })).toEqual([]);
    expect(clusterRole({})).toEqual([]);
  });

  test.each<[object, readonly string[]]>([
    [
      { ...good, verbs: [] },
      ["rules[0].verbs: Required value: verbs must contain at least one value"],
    ],
    [
      { verbs: ["get"] },
      [
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource",
      ],
    ],
    [
      { verbs: ["get"], nonResourceURLs: ["/metrics"] },
      [
        'rules[0].nonResourceURLs: Invalid value: []string{"/metrics"}: namespaced rules cannot apply to non-resource URLs',
      ],
    ],
  ])("%j", (rule, causes) => {
    expect(role(rule)).toEqual(causes);
  });

  test("resources and paths don't mix", () => {
    expect(clusterRole({ rules: [{ ...good, nonResourceURLs: ["/x"] }] })).toEqual([
      'rules[0].nonResourceURLs: Invalid value: []string{"/x"}: rules cannot apply to both regular resources and non-resource URLs',
    ]);
  });

  test("an aggregation selects something", () => {
    expect(clusterRole({ aggregationRule: {} })).toEqual([
      "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil",
    ]);
  });

  test("a name is one segment of a path", () => {
    const named = created(Kinds.Role, roleStrategy, { metadata: { name: "a/b" }, rules: [] });
    expect(named.causes).toEqual(["metadata.name: Invalid value: \"a/b\": may not contain '/'"]);
  });
});

describe("bindings", () => {
  const roleRef = { kind: "ClusterRole", name: "view" };
  const bind = (fields: object) =>
    created(Kinds.RoleBinding, roleBindingStrategy, { metadata, roleRef, ...fields });
  const bindAll = (fields: object) =>
    created(Kinds.ClusterRoleBinding, clusterRoleBindingStrategy, { metadata, roleRef, ...fields });

  test("groups are filled in", () => {
    const subjects = [
      { kind: "User", name: "ann" },
      { kind: "ServiceAccount", name: "builder" },
    ];
    const { object, causes } = bind({ subjects });
    expect(causes).toEqual([]);
    expect(object.roleRef.apiGroup).toBe("rbac.authorization.k8s.io");
    expect(object.subjects).toEqual([
      { kind: "User", name: "ann", apiGroup: "rbac.authorization.k8s.io" },
      { kind: "ServiceAccount", name: "builder" },
    ]);
  });

  test("only a RoleBinding may name a Role", () => {
    const fields = { roleRef: { kind: "Role", name: "view" } };
    expect(bind(fields).causes).toEqual([]);
    expect(bindAll(fields).causes).toEqual([
      'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    ]);
  });

  test.each<[object, string]>([
    [{ kind: "Robot", name: "r" }, 'subjects[0].kind: Unsupported value: "Robot"'],
    [{ kind: "User", name: "" }, "subjects[0].name: Required value"],
    [{ kind: "ServiceAccount", name: "a" }, "subjects[0].namespace: Required value"],
    [{ kind: "ServiceAccount", name: "A", namespace: "x" }, 'subjects[0].name: Invalid value: "A"'],
    [
      { kind: "Group", apiGroup: "x", name: "g" },
      'subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    ],
  ])("subject %j", (subject, text) => {
    const { causes } = bindAll({ subjects: [subject] });
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("the role stays", () => {
    const { object: old } = bind({});
    const manifest = { metadata, roleRef: { kind: "ClusterRole", name: "edit" } };
    expect(updated(Kinds.RoleBinding, roleBindingStrategy, { old, manifest }).causes).toEqual([
      expect.stringContaining("cannot change roleRef"),
    ]);
  });
});
