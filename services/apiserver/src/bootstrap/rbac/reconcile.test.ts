import { Kinds } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { createStrategies } from "../../registry/index.ts";
import { created } from "../../testing/strategies.ts";
import { completedBinding, completedRole } from "./reconcile.ts";
import { defaultClusterRoleBindings, defaultClusterRoles } from "./roles.ts";

const strategyOf = createStrategies({ ipFamilies: ["IPv4"] });

describe("the default roles and bindings", () => {
  test.each(defaultClusterRoles().map((role) => [role.metadata.name, role] as const))(
    "%s is a good role",
    (_name, role) => {
      const strategy = strategyOf(Kinds.ClusterRole);
      expect(created(Kinds.ClusterRole, strategy, role).causes).toEqual([]);
    },
  );

  test.each(
    defaultClusterRoleBindings().map((binding) => [binding.metadata.name, binding] as const),
  )("%s binds a role that exists", (_name, binding) => {
    const strategy = strategyOf(Kinds.ClusterRoleBinding);
    expect(created(Kinds.ClusterRoleBinding, strategy, binding).causes).toEqual([]);
    const names = defaultClusterRoles().map(({ metadata }) => metadata.name);
    expect(names).toContain(binding.roleRef.name);
  });

  test("anonymous users get nothing but health and version", () => {
    const given = defaultClusterRoleBindings()
      .filter(({ subjects = [] }) => subjects.some(({ name }) => name === "system:unauthenticated"))
      .map(({ roleRef }) => roleRef.name);
    expect(given).toEqual(["system:public-info-viewer"]);
    const role = defaultClusterRoles().find(({ metadata }) => metadata.name === given[0]);
    expect(role?.rules).toEqual([
      {
        verbs: ["get"],
        nonResourceURLs: ["/healthz", "/livez", "/readyz", "/version", "/version/"],
      },
    ]);
  });
});

describe("what exists already", () => {
  const rule = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };
  const base = { apiVersion: "rbac.authorization.k8s.io/v1", metadata: { name: "x" } };

  test("a role keeps its own rules and gets those it lacks", () => {
    const own = { ...rule, resources: ["pods", "secrets"] };
    const wanted = {
      ...base,
      kind: "ClusterRole",
      metadata: { name: "x", labels: { a: "b" } },
      rules: [rule, { ...rule, verbs: ["list"] }],
    };
    const current = { ...base, kind: "ClusterRole", rules: [own] };
    const completed = completedRole(current, wanted);
    expect(completed.rules).toEqual([own, { ...rule, verbs: ["list"] }]);
    expect(completed.metadata.labels).toEqual({ a: "b" });
    expect(completedRole(completed, wanted)).toEqual(completed);
  });

  test("a binding gets the subjects it lacks", () => {
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "x" };
    const [ann, bob] = ["ann", "bob"].map((name) => ({ kind: "User", name }));
    const current = { ...base, kind: "ClusterRoleBinding", roleRef, subjects: [ann!] };
    const wanted = { ...current, subjects: [bob!, ann!] };
    expect(completedBinding(current, wanted).subjects).toEqual([ann, bob]);
  });
});
