import { expect, it } from "vitest";
import { podReferences } from "./pod-references.ts";
import { testContainer, testPod } from "./testing/objects.ts";

it("finds every ConfigMap and Secret a pod refers to", () => {
  const pod = testPod({
    volumes: [
      { name: "a", configMap: { name: "a" } },
      { name: "b", secret: { secretName: "b" } },
      {
        name: "c",
        projected: { sources: [{ configMap: { name: "c" } }, { secret: { name: "d" } }] },
      },
      { name: "e", emptyDir: {} },
    ],
    initContainers: [testContainer({ name: "init", envFrom: [{ configMapRef: { name: "f" } }] })],
    ephemeralContainers: [testContainer({ envFrom: [{ secretRef: { name: "h" } }] })],
    containers: [
      testContainer({
        env: [
          { name: "X", valueFrom: { secretKeyRef: { name: "g", key: "k" } } },
          { name: "Y", value: "plain" },
        ],
      }),
    ],
  });
  expect([...podReferences(pod)].sort()).toEqual([
    "configmap/a",
    "configmap/c",
    "configmap/f",
    "secret/b",
    "secret/d",
    "secret/g",
    "secret/h",
  ]);
});
