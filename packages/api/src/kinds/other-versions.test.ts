import { describe, expect, test } from "vitest";
import type { KubeObject } from "../meta/object-meta.ts";
import { apiVersionOf, type Kind } from "./kind.ts";
import { OtherVersions } from "./other-versions.ts";

const conversionOf = (apiVersion: string): NonNullable<Kind["conversion"]> => {
  const found = OtherVersions.find((kind) => apiVersionOf(kind) === apiVersion)?.conversion;
  if (found === undefined) throw new Error(`${apiVersion} has no conversion`);
  return found;
};

test("each is stored as a row of the table that has the same kind and resource", () => {
  for (const { kind, plural, conversion } of OtherVersions) {
    expect(conversion?.stored).toMatchObject({ kind, plural });
    expect(conversion?.stored.conversion).toBeUndefined();
  }
});

describe("events.k8s.io/v1", () => {
  const { toStored, fromStored, storedField } = conversionOf("events.k8s.io/v1");
  const stored: KubeObject = {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "web.1", namespace: "default" },
    involvedObject: { kind: "Pod", name: "web" },
    reason: "Killing",
    message: "Stopping container",
    source: { component: "kubelet", host: "node-1" },
    firstTimestamp: "2026-01-01T00:00:00Z",
    lastTimestamp: "2026-01-01T00:00:10Z",
    count: 2,
    type: "Normal",
    eventTime: "2026-01-01T00:00:00.000000Z",
    action: "Killing",
    reportingComponent: "kubelet",
    reportingInstance: "node-1",
  };

  test("renames fields, both ways", () => {
    const served = fromStored(stored);
    expect(served).toEqual({
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { name: "web.1", namespace: "default" },
      regarding: { kind: "Pod", name: "web" },
      reason: "Killing",
      note: "Stopping container",
      deprecatedSource: { component: "kubelet", host: "node-1" },
      deprecatedFirstTimestamp: "2026-01-01T00:00:00Z",
      deprecatedLastTimestamp: "2026-01-01T00:00:10Z",
      deprecatedCount: 2,
      type: "Normal",
      eventTime: "2026-01-01T00:00:00.000000Z",
      action: "Killing",
      reportingController: "kubelet",
      reportingInstance: "node-1",
    });
    expect(toStored(served)).toEqual(stored);
  });

  test.each([
    ["regarding.name", "involvedObject.name"],
    ["reportingController", "reportingComponent"],
    ["type", "type"],
    ["involvedObject.name", undefined],
  ])("the field %s is stored as %s", (field, expected) => {
    expect(storedField(field)).toBe(expected);
  });
});

describe("autoscaling/v1", () => {
  const { toStored, fromStored } = conversionOf("autoscaling/v1");
  const limits = { scaleTargetRef: { kind: "Deployment", name: "web" }, maxReplicas: 5 };
  const v1 = (spec: object, metadata: object = {}): KubeObject => ({
    apiVersion: "autoscaling/v1",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "web", ...metadata },
    spec: { ...limits, ...spec },
  });

  test("CPU is one of the metrics of v2", () => {
    const stored = toStored(v1({ targetCPUUtilizationPercentage: 80 }));
    expect(stored).toEqual({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "web" },
      spec: {
        ...limits,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
          },
        ],
      },
    });
    expect(fromStored(stored)).toEqual(v1({ targetCPUUtilizationPercentage: 80 }));
  });

  test("what v1 has no field for survives a round trip", () => {
    const memory = { type: "Resource", resource: { name: "memory", target: { type: "Value" } } };
    const stored: KubeObject = {
      ...toStored(v1({})),
      spec: { ...limits, metrics: [memory], behavior: { scaleDown: { selectPolicy: "Disabled" } } },
      status: { desiredReplicas: 2, currentReplicas: 1, conditions: [{ type: "AbleToScale" }] },
    };
    const served = fromStored(stored);
    expect(served["spec"]).toEqual(limits);
    expect(Object.keys(served.metadata.annotations ?? {})).toEqual([
      "autoscaling.alpha.kubernetes.io/metrics",
      "autoscaling.alpha.kubernetes.io/behavior",
      "autoscaling.alpha.kubernetes.io/conditions",
    ]);
    expect(toStored(served)).toEqual(stored);
  });

  test("an annotation that is no JSON is dropped", () => {
    const annotations = { "autoscaling.alpha.kubernetes.io/metrics": "{", mine: "x" };
    expect(toStored(v1({}, { annotations }))).toEqual({
      ...v1({}, { annotations: { mine: "x" } }),
      apiVersion: "autoscaling/v2",
    });
  });
});
