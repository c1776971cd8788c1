import { Kinds, type KubeObject, type Pod, StatusError } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import type { ResourceRequest } from "../../http/request-info.ts";
import { createTestCache } from "../../testing/rbac.ts";
import { createNodeAuthorizer } from "./node-authorizer.ts";
import { checkNodeRequest, checkNodeToken, checkNodeWrite } from "./node-restriction.ts";
import { nodeOf } from "./node-user.ts";

function podOf(name: string, nodeName: string, spec: object = {}): Pod {
  const containers = [{ name: "main", image: "a" }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { namespace: "shop", name },
    spec: { containers, nodeName, ...spec },
  };
}

const { cache, put } = createTestCache();
const own = podOf("own", "node-1", {
  volumes: [
    { name: "a", secret: { secretName: "certificate" } },
    { name: "b", projected: { sources: [{ configMap: { name: "root-ca" } }] } },
  ],
  containers: [{ name: "main", image: "a", envFrom: [{ secretRef: { name: "password" } }] }],
  ephemeralContainers: [{ name: "debug", image: "a", envFrom: [{ secretRef: { name: "added" } }] }],
  imagePullSecrets: [{ name: "registry" }],
});
put(Kinds.Pod, own);
put(Kinds.Pod, podOf("other", "node-2", { imagePullSecrets: [{ name: "foreign" }] }));

describe("a kubelet", () => {
  test("is known by its name and group", () => {
    expect(nodeOf({ username: "system:node:node-1", groups: ["system:nodes"] })).toBe("node-1");
    expect(nodeOf({ username: "system:node:node-1", groups: [] })).toBeUndefined();
    expect(nodeOf({ username: "system:node:", groups: ["system:nodes"] })).toBeUndefined();
    expect(nodeOf({ username: "ann", groups: ["system:nodes"] })).toBeUndefined();
  });
});

describe("the Node authorizer", () => {
  const decide = createNodeAuthorizer(cache);
  const ask = (
    verb: string,
    resource: string,
    name?: string,
    namespace = "shop",
  ): true | string => {
    const [plural = "", group = ""] = resource.split(".", 2);
    const [kind = "", subresource] = plural.split("/");
    return decide("node-1", {
      verb,
      group: group === "coordination" ? "coordination.k8s.io" : group,
      version: "v1",
      plural: kind,
      namespace,
      ...(name !== undefined && { name }),
      ...(subresource !== undefined && { subresource }),
    });
  };
  const stranger = "no relationship found between node 'node-1' and this object";

  test.each(["certificate", "password", "added", "registry"])(
    "shows the Secret %s of an own pod",
    (name) => {
      expect(ask("get", "secrets", name)).toBe(true);
      expect(ask("watch", "secrets", name)).toBe(true);
    },
  );

  test("shows no other Secret or ConfigMap, and none to be listed or changed", () => {
    expect(ask("get", "configmaps", "root-ca")).toBe(true);
    expect(ask("get", "secrets", "foreign")).toBe(stranger);
    expect(ask("get", "secrets", "certificate", "default")).toBe(stranger);
    expect(ask("get", "configmaps", "certificate")).toBe(stranger);
    expect(ask("list", "secrets")).toBe("can only read namespaced object of this type");
    expect(ask("update", "secrets", "certificate")).toBe("unknown node request of node node-1");
  });

  test("leaves it its own Lease alone", () => {
    const leases = "leases.coordination";
    expect(ask("update", leases, "node-1", "kube-node-lease")).toBe(true);
    expect(ask("update", leases, "node-2", "kube-node-lease")).toContain("same name");
    expect(ask("get", leases, "node-1")).toContain('"kube-node-lease" system namespace');
  });

  test("gives what the role says, and no more", () => {
    expect(ask("patch", "pods/status", "own")).toBe(true);
    expect(ask("list", "services")).toBe(true);
    expect(ask("patch", "pods/ephemeralcontainers", "own")).toContain("unknown node request");
    expect(ask("delete", "services", "web")).toBe("unknown node request of node node-1");
    expect(decide("node-1", { verb: "get", path: "/metrics" })).toContain("unknown node request");
  });
});

function messageOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
  return "allowed";
}

describe("the NodeRestriction", () => {
  const request = async (line: string): Promise<string> => {
    const [verb = "", resource = "", name] = line.split(" ");
    const [plural = "", subresource] = resource.split("/");
    const asked = { verb, group: "", version: "v1", plural, subresource, name } as ResourceRequest;
    const find = async (pod: string): Promise<KubeObject | undefined> =>
      pod === "own" ? own : pod === "other" ? podOf("other", "node-2") : undefined;
    return checkNodeRequest("node-1", asked, find).then(
      () => "allowed",
      (error: Error) => error.message,
    );
  };
  const denied = (pod: string, deed: string): string =>
    `pods "${pod}" is forbidden: node "node-1" can only ${deed} with spec.nodeName set to itself`;

  test.each([
    ["delete pods own", "allowed"],
    ["delete pods nobody", "allowed"],
    ["delete pods other", denied("other", "delete pods")],
    ["patch pods/status other", denied("other", "update pod status for pods")],
    ["create pods/eviction other", denied("other", "evict pods")],
    ["patch nodes node-1", "allowed"],
    ["get nodes node-2", "allowed"],
    [
      "patch nodes/status node-2",
      'nodes "node-2" is forbidden: node "node-1" is not allowed to modify node "node-2"',
    ],
  ])("%s", async (line, answer) => {
    expect(await request(line)).toBe(answer);
  });

  const mirror = (change: Partial<Pod["metadata"]> = {}, spec: object = {}): Pod => {
    const pod = podOf("mirror", "node-1", spec);
    const ownerReferences = [
      { apiVersion: "v1", kind: "Node", name: "node-1", uid: "u", controller: true },
    ];
    const annotations = { "kubernetes.io/config.mirror": "x" };
    return { ...pod, metadata: { ...pod.metadata, annotations, ownerReferences, ...change } };
  };

  test.each<[string, Pod, string]>([
    ["a mirror pod", mirror(), "allowed"],
    ["no annotation", mirror({ annotations: {} }), "can only create mirror pods"],
    ["another node", mirror({}, { nodeName: "node-2" }), "spec.nodeName set to itself"],
    ["no owner", mirror({ ownerReferences: [] }), "an owner reference set to itself"],
    ["a service account", mirror({}, { serviceAccountName: "x" }), "reference a service account"],
    ["a secret", mirror({}, { imagePullSecrets: [{ name: "x" }] }), "that reference secrets"],
  ])("a pod to create: %s", (_name, pod, answer) => {
    expect(messageOf(() => checkNodeWrite("node-1", { kind: Kinds.Pod, object: pod }))).toContain(
      answer,
    );
  });

  const nodeObject = (name: string, labels: Record<string, string>, taints: object[] = []) => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
    spec: { taints },
  });

  test("a Node's labels of others and its taints are not the kubelet's", () => {
    const write = (object: KubeObject, old?: KubeObject): string =>
      messageOf(() => checkNodeWrite("node-1", { kind: Kinds.Node, object, old }));
    const zone = { "topology.kubernetes.io/zone": "a", "example.com/rack": "1" };
    const before = nodeObject("node-1", { "node-role.kubernetes.io/x": "" });
    expect(write(nodeObject("node-1", zone))).toBe("allowed");
    expect(write(nodeObject("node-2", zone))).toContain("is not allowed to modify node");
    expect(write(before)).toContain("set the following labels: node-role.kubernetes.io/x");
    expect(write(nodeObject("node-1", {}), before)).toContain("modify labels: node-role");
    expect(write(before, before)).toBe("allowed");
    const tainted = nodeObject("node-1", {}, [{ key: "a", effect: "NoSchedule" }]);
    expect(write(nodeObject("node-1", {}), tainted)).toContain("not allowed to modify taints");
  });

  test("a token is for a pod of the node and its account", () => {
    const ask = (account: string, pod?: Pod): string =>
      messageOf(() => checkNodeToken("node-1", account, pod));
    expect(ask("default", own)).toBe("allowed");
    expect(ask("default")).toContain("not bound to a pod");
    expect(ask("default", podOf("other", "node-2"))).toContain("on a different node");
    expect(ask("robot", own)).toContain("that the pod does not have");
  });
});
