import { Kinds, type Deployment, type StatefulSet } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { daemonSetStrategy } from "./daemon-set.ts";
import { deploymentStrategy, replicaSetStrategy } from "./deployment.ts";
import { replicationControllerStrategy } from "./replication-controller.ts";
import { statefulSetStrategy } from "./stateful-set.ts";

const labels = { app: "web" };
const workload = {
  selector: { matchLabels: labels },
  template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "app:1" }] } },
};
const metadata = { name: "web" };
const deploy = (spec: object) =>
  created(Kinds.Deployment, deploymentStrategy, { metadata, spec: { ...workload, ...spec } });
const stateful = (spec: object) =>
  created(Kinds.StatefulSet, statefulSetStrategy, { metadata, spec: { ...workload, ...spec } });
const replicaSet = (spec: object) =>
  created(Kinds.ReplicaSet, replicaSetStrategy, { metadata, spec: { ...workload, ...spec } });

describe("Deployment", () => {
  test("defaults", () => {
    const { object, causes } = deploy({});
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      replicas: 1,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
      },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      template: { spec: { restartPolicy: "Always", dnsPolicy: "ClusterFirst" } },
    });
    // What admission adds to pods is not added to templates.
    expect(object.spec.template.spec).not.toHaveProperty("serviceAccountName");
    expect(object.spec.template.spec).not.toHaveProperty("tolerations");
  });

  test("given values stay", () => {
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } };
    const { object } = deploy({ replicas: 0, strategy, revisionHistoryLimit: 0 });
    expect(object.spec).toMatchObject({
      replicas: 0,
      revisionHistoryLimit: 0,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: "25%" } },
    });
    expect(deploy({ strategy: { type: "Recreate" } }).object.spec.strategy).toEqual({
      type: "Recreate",
    });
  });

  test.each<[string, object, string]>([
    [
      "replicas",
      { replicas: -1 },
      "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
    ],
    ["no selector", { selector: null }, "spec.selector: Required value"],
    [
      "empty selector",
      { selector: {} },
      "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
    ],
    [
      "selector of others",
      { selector: { matchLabels: { app: "x" } } },
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      "selector operator",
      { selector: { matchExpressions: [{ key: "app", operator: "Like" }] } },
      'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
    ],
    [
      "selector values",
      { selector: { matchExpressions: [{ key: "app", operator: "In" }] } },
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [
      "selector without values",
      { selector: { matchExpressions: [{ key: "app", operator: "Exists", values: ["x"] }] } },
      "spec.selector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    ],
    ["minReadySeconds", { minReadySeconds: -1 }, "spec.minReadySeconds: Invalid value: -1"],
    [
      "deadline",
      { minReadySeconds: 10, progressDeadlineSeconds: 10 },
      "spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds",
    ],
    ["history", { revisionHistoryLimit: -1 }, "spec.revisionHistoryLimit: Invalid value: -1"],
    [
      "strategy",
      { strategy: { type: "Canary" } },
      'spec.strategy.type: Unsupported value: "Canary": supported values: "Recreate", "RollingUpdate"',
    ],
    [
      "Recreate with limits",
      { strategy: { type: "Recreate", rollingUpdate: {} } },
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    [
      "percent",
      { strategy: { rollingUpdate: { maxSurge: "x%" } } },
      "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x%\": a valid percent string must be a numeric string followed by an ending '%'",
    ],
    [
      "more than all",
      { strategy: { rollingUpdate: { maxUnavailable: "101%" } } },
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      "no progress possible",
      { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: "0%" } } },
      "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
    ],
    [
      "restartPolicy",
      {
        template: {
          metadata: { labels },
          spec: { ...workload.template.spec, restartPolicy: "Never" },
        },
      },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      "template's container",
      { template: { metadata: { labels }, spec: { containers: [{ name: "a" }] } } },
      "spec.template.spec.containers[0].image: Required value",
    ],
    [
      "template's labels",
      { template: { ...workload.template, metadata: { labels: { ...labels, x: "a b" } } } },
      "spec.template.metadata.labels: Invalid value",
    ],
  ])("%s", (_name, spec, text) => {
    const { causes } = deploy(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("without spec it says what is missing", () => {
    const { causes } = created(Kinds.Deployment, deploymentStrategy, { metadata });
    expect(causes).toEqual([
      "spec.selector: Required value",
      "spec.template.spec.containers: Required value",
    ]);
  });

  test("its selector never changes", () => {
    const old: Deployment = deploy({}).object;
    const wider = { matchLabels: { ...labels, tier: "a" } };
    const template = { ...workload.template, metadata: wider.matchLabels };
    const changed = {
      ...workload,
      selector: wider,
      template: { ...template, metadata: { labels: wider.matchLabels } },
    };
    const { causes } = updated(Kinds.Deployment, deploymentStrategy, {
      old,
      manifest: { metadata, spec: changed },
    });
    expect(causes).toEqual([
      'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"a"}}: field is immutable',
    ]);
    const same = { metadata, spec: { ...workload, replicas: 5 } };
    expect(updated(Kinds.Deployment, deploymentStrategy, { old, manifest: same }).causes).toEqual(
      [],
    );
  });
});

test("ReplicaSet: one replica, no status to begin with, a fixed selector", () => {
  const { object, causes } = replicaSet({});
  expect(causes).toEqual([]);
  expect(object.spec.replicas).toBe(1);
  expect(object.status).toEqual({ replicas: 0 });
  expect(replicaSet({ selector: {} }).causes).toEqual([
    "spec.selector: Invalid value: {}: empty selector is invalid for deployment",
  ]);
  const old = { ...object, spec: { ...object.spec, selector: { matchLabels: { other: "x" } } } };
  const manifest = { metadata, spec: workload };
  expect(updated(Kinds.ReplicaSet, replicaSetStrategy, { old, manifest }).causes).toEqual([
    'spec.selector: Invalid value: {"matchLabels":{"app":"web"}}: field is immutable',
  ]);
});

describe("StatefulSet", () => {
  test("defaults", () => {
    const { object, causes } = stateful({ serviceName: "db" });
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      replicas: 1,
      podManagementPolicy: "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
    });
    expect(object.status).toEqual({ replicas: 0 });
  });

  test.each<[string, object, string]>([
    [
      "policy",
      { podManagementPolicy: "Random" },
      "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
    ],
    [
      "strategy",
      { updateStrategy: { type: "Recreate" } },
      'spec.updateStrategy.type: Unsupported value: "Recreate": supported values: "OnDelete", "RollingUpdate"',
    ],
    [
      "OnDelete with limits",
      { updateStrategy: { type: "OnDelete", rollingUpdate: { partition: 1 } } },
      "only allowed for updateStrategy 'RollingUpdate'",
    ],
    [
      "partition",
      { updateStrategy: { rollingUpdate: { partition: -1 } } },
      "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1",
    ],
    ["ordinals", { ordinals: { start: -1 } }, "spec.ordinals.start: Invalid value: -1"],
    ["empty selector", { selector: {} }, "empty selector is invalid for statefulset"],
  ])("%s", (_name, spec, text) => {
    const { causes } = stateful(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  test("only some of its spec may change", () => {
    const old: StatefulSet = stateful({ serviceName: "db" }).object;
    const causesOf = (spec: object): readonly string[] => {
      const manifest = { metadata, spec: { ...workload, serviceName: "db", ...spec } };
      return updated(Kinds.StatefulSet, statefulSetStrategy, { old, manifest }).causes;
    };
    expect(
      causesOf({ replicas: 3, minReadySeconds: 1, updateStrategy: { type: "OnDelete" } }),
    ).toEqual([]);
    expect(causesOf({ serviceName: "other" })).toEqual([
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', " +
        "'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' " +
        "and 'minReadySeconds' are forbidden",
    ]);
  });
});

describe("DaemonSet", () => {
  const daemonSet = (spec: object) =>
    created(Kinds.DaemonSet, daemonSetStrategy, { metadata, spec: { ...workload, ...spec } });

  test("defaults", () => {
    const { object, causes } = daemonSet({});
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    });
    expect(object.spec).not.toHaveProperty("replicas");
  });

  const rolling = (rollingUpdate: object) => ({ updateStrategy: { rollingUpdate } });
  test.each<[object, string]>([
    [{ selector: {} }, "spec.selector: Invalid value: {}: empty selector is invalid for daemonset"],
    [
      rolling({ maxUnavailable: 0 }),
      "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
    ],
    [
      rolling({ maxSurge: 1 }),
      "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
    ],
    [
      { updateStrategy: { type: "Recreate" } },
      'spec.updateStrategy.type: Unsupported value: "Recreate": supported values: "OnDelete", "RollingUpdate"',
    ],
    [
      {
        template: {
          ...workload.template,
          spec: { ...workload.template.spec, restartPolicy: "Never" },
        },
      },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ])("%j", (spec, text) => {
    expect(daemonSet(spec).causes).toEqual([text]);
  });

  test("the selector stays", () => {
    const { object: old } = daemonSet({});
    const manifest = { metadata, spec: { ...workload, selector: { matchLabels: { app: "x" } } } };
    const { causes } = updated(Kinds.DaemonSet, daemonSetStrategy, { old, manifest });
    expect(causes.at(-1)).toMatch(/^spec\.selector: .*: field is immutable$/);
  });
});

describe("ReplicationController", () => {
  const controller = (spec: object) =>
    created(Kinds.ReplicationController, replicationControllerStrategy, { metadata, spec });

  test("selects the template's labels, and has them", () => {
    const { object, causes } = controller({ template: workload.template });
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({ replicas: 1, selector: labels });
    expect(object.metadata.labels).toEqual(labels);
  });

  test("a selector of its own must match", () => {
    expect(controller({ selector: { app: "x" }, template: workload.template }).causes).toEqual([
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ]);
    expect(controller({ template: { spec: workload.template.spec } }).causes).toEqual([
      "spec.selector: Required value",
    ]);
  });
});
