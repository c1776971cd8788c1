import { type Draft, Kinds, type Kind, type KubeObject } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCluster, type TestCluster } from "./testing/cluster.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
  await waitFor(() => cluster.manager().ready(), { timeoutMs: 60_000 });
  const schema = { openAPIV3Schema: { type: "object" } };
  await cluster.rest.create(Kinds.CustomResourceDefinition, {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      names: { plural: "widgets", kind: "Widget" },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema }],
    },
  });
  await waitFor(() => cluster.rest.list(Widget, { namespace: "default" }).catch(() => undefined));
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

/** The kind as a client names it. */
const Widget: Kind = {
  ...(Kinds.ConfigMap as Kind),
  group: "example.com",
  kind: "Widget",
  plural: "widgets",
};

function widget(name: string, metadata: object = {}): Draft<KubeObject> {
  const names = { name, namespace: "default", ...metadata };
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: names };
}

function ownedBy({ apiVersion, kind, metadata }: KubeObject): object {
  return { ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }] };
}

async function exists(kind: Kind, name: string): Promise<boolean> {
  const { items } = await cluster.rest.list(kind, { namespace: "default" });
  return items.some(({ metadata }) => metadata.name === name);
}

it("objects of a custom kind are collected with their owners, and own others", async () => {
  const owner = await cluster.rest.create(Widget, widget("owner"));
  await cluster.rest.create(Widget, widget("owned", ownedBy(owner)));
  await cluster.rest.create(Kinds.ConfigMap, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "owned", namespace: "default", ...ownedBy(owner) },
  });
  await cluster.rest.create(Widget, widget("free"));
  await cluster.rest.delete(Widget, { namespace: "default", name: "owner" });
  await waitFor(async () => !(await exists(Widget, "owned")), { timeoutMs: 60_000 });
  await waitFor(async () => !(await exists(Kinds.ConfigMap as Kind, "owned")));
  expect(await exists(Widget, "free")).toBe(true);
});

it("a deletion in the foreground waits for the dependents", async () => {
  const owner = await cluster.rest.create(Widget, widget("patient"));
  const blocked = { ...ownedBy(owner), finalizers: ["example.com/wait"] };
  const [reference] = (ownedBy(owner) as { ownerReferences: object[] }).ownerReferences;
  const ownerReferences = [{ ...reference, blockOwnerDeletion: true }];
  const child = widget("child", { ...blocked, ownerReferences });
  await cluster.rest.create(Widget, child);
  const ref = { namespace: "default", name: "patient" };
  await cluster.rest.delete(Widget, ref, { propagationPolicy: "Foreground" });
  await waitFor(async () => {
    const { metadata } = await cluster.rest.get(Widget, { namespace: "default", name: "child" });
    return metadata.deletionTimestamp;
  });
  expect(await exists(Widget, "patient")).toBe(true);
  const body = { metadata: { finalizers: null } };
  await cluster.rest.patch(Widget, { ...ref, name: "child" }, { type: "merge", body });
  await waitFor(async () => !(await exists(Widget, "patient")), { timeoutMs: 60_000 });
});

it("a deleted namespace is emptied of them", async () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "doomed" } };
  await cluster.rest.create(Kinds.Namespace, namespace);
  await cluster.rest.create(Widget, widget("inside", { namespace: "doomed" }));
  await cluster.rest.delete(Kinds.Namespace, { name: "doomed" });
  await waitFor(
    async () => {
      const { items } = await cluster.rest.list(Kinds.Namespace);
      return items.every(({ metadata }) => metadata.name !== "doomed");
    },
    { timeoutMs: 60_000, describe: "the namespace to go" },
  );
  expect((await cluster.rest.list(Widget, { namespace: "doomed" })).items).toEqual([]);
});
