import { Kinds } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, statusUpdated } from "../testing/strategies.ts";
import { horizontalPodAutoscalerStrategy } from "./horizontal-pod-autoscaler.ts";
import { podDisruptionBudgetStrategy } from "./pod-disruption-budget.ts";

const metadata = { name: "web" };
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };

describe("HorizontalPodAutoscaler", () => {
  const hpa = (spec: object) =>
    created(Kinds.HorizontalPodAutoscaler, horizontalPodAutoscalerStrategy, {
      metadata,
      spec: { scaleTargetRef, maxReplicas: 5, ...spec },
    });

  test("defaults", () => {
    const { object, causes } = hpa({ behavior: { scaleDown: { selectPolicy: "Min" } } });
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({
      minReplicas: 1,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
        },
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 0, selectPolicy: "Max" },
        scaleDown: { selectPolicy: "Min" },
      },
    });
  });

  const utilization = { type: "Utilization", averageUtilization: 50 };
  const metric = (value: object) => ({ metrics: [value] });
  test.each<[object, string]>([
    [
      { maxReplicas: 0, minReplicas: null },
      "spec.maxReplicas: Invalid value: 0: must be greater than 0",
    ],
    [{ minReplicas: 0 }, "spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"],
    [
      { minReplicas: 6 },
      "spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`",
    ],
    [{ scaleTargetRef: { kind: "Deployment" } }, "spec.scaleTargetRef.name: Required value"],
    [metric({}), "spec.metrics[0].type: Required value: must specify a metric source type"],
    [
      metric({ type: "Resource" }),
      "spec.metrics[0].resource: Required value: must populate information for the given metric source",
    ],
    [
      metric({ type: "Resource", resource: { name: "cpu", target: { type: "Utilization" } } }),
      "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization",
    ],
    [
      metric({ type: "Resource", resource: { target: utilization } }),
      "spec.metrics[0].resource.name: Required value: must specify a resource name",
    ],
    [
      metric({
        type: "ContainerResource",
        containerResource: { name: "cpu", target: utilization },
      }),
      "spec.metrics[0].containerResource.container: Required value: must specify a container",
    ],
    [
      metric({ type: "Pods", pods: { metric: { name: "qps" }, target: { type: "AverageValue" } } }),
      "spec.metrics[0].pods.target.averageValue: Required value: must set either a target value",
    ],
  ])("%j", (spec, text) => {
    const { causes } = hpa(spec);
    expect(causes[0]).toContain(text);
  });
});

describe("PodDisruptionBudget", () => {
  const budget = (spec: object) =>
    created(Kinds.PodDisruptionBudget, podDisruptionBudgetStrategy, { metadata, spec });

  test.each<[object, readonly string[]]>([
    [{ minAvailable: 1, selector: {} }, []],
    [{ maxUnavailable: "25%" }, []],
    [
      { minAvailable: 1, maxUnavailable: 1 },
      [
        'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
      ],
    ],
    [
      { minAvailable: "101%" },
      ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
    ],
    [
      { unhealthyPodEvictionPolicy: "Never" },
      [
        'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
      ],
    ],
  ])("%j", (spec, causes) => {
    expect(budget(spec).causes).toEqual(causes);
  });

  test("counts are not negative", () => {
    const { object: old } = budget({ minAvailable: 1 });
    const manifest = { metadata, status: { disruptionsAllowed: -1 } };
    const strategy = podDisruptionBudgetStrategy;
    expect(statusUpdated(Kinds.PodDisruptionBudget, strategy, { old, manifest }).causes).toEqual([
      "status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0",
    ]);
  });
});
