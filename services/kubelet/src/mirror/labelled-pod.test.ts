import { describe, expect, it } from "vitest";
import type { EngineContainer } from "../runtime/docker/engine-container.ts";
import { testEngineContainer } from "../testing/objects.ts";
import { toLabelledPod } from "./labelled-pod.ts";
import { createPodRange } from "./pod-range.ts";

const place = { network: "node-1", range: createPodRange(["10.244.1.0/24", "fd00:1::"]) };
const networks = { "node-1": ["10.244.1.21", "fd00:1::5"], other: ["10.9.9.9"] };
const labels = { "kubehop.dev/namespace": "default", "kubehop.dev/readiness": "none" };

function podOf(container: Partial<EngineContainer>): ReturnType<typeof toLabelledPod> {
  return toLabelledPod(testEngineContainer({ networks, labels, ...container }), place);
}

describe("toLabelledPod", () => {
  it("is the pod the labels ask for, at the container's addresses on the node's network", () => {
    const weighted = { ...labels, "kubehop.dev/weight": "3" };
    expect(podOf({ labels: weighted })).toEqual({
      problems: [],
      pod: {
        namespace: "default",
        name: "shop-my-api-1",
        origin: 'container "shop-my-api-1"',
        labels: {},
        annotations: { "kubehop.dev/weight": "3" },
        spec: { containers: [{ name: "app", image: "shop:1", ports: [] }] },
        ips: ["10.244.1.21", "fd00:1::5"],
        container: "app",
      },
    });
  });

  it.each([
    ["without labels", { labels: {} }],
    ["on another network", { networks: { other: ["10.9.9.9"] } }],
  ])("is none %s", (_title, container) => {
    expect(podOf(container)).toEqual({ problems: [] });
  });

  it("has no address while its container does not run", () => {
    expect(podOf({ running: false }).pod?.ips).toEqual([]);
  });

  it("tells of an address out of range", () => {
    expect(podOf({ networks: { "node-1": ["10.9.9.9"] } })).toEqual({
      problems: [
        { reason: "IPOutOfRange", message: expect.stringContaining("10.244.1.0/24, fd00:1::") },
      ],
    });
  });

  it("tells of every wrong label", () => {
    const wrong = { ...labels, "kubehop.dev/weight": "x", "kubehop.dev/ports": "y" };
    expect(podOf({ labels: wrong }).problems).toHaveLength(2);
  });

  it("notes that a label is missing, not that it says none", () => {
    const { "kubehop.dev/readiness": _none, ...without } = labels;
    expect(podOf({ labels: without }).pod?.notice?.reason).toBe("NoReadinessProbe");
    expect(podOf({}).pod?.notice).toBe(undefined);
  });
});
