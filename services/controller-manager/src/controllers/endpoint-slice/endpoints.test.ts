import type { Endpoint, Pod, Service } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { nodeOf, podOf, serviceOf } from "../../testing/objects.ts";
import { hasManagedEndpoints, resolvePorts, wantedEndpoints } from "./endpoints.ts";

const node = nodeOf("node-1", {}, { "topology.kubernetes.io/zone": "zone-a" });
const ip = "10.244.1.5";

function endpointsOf(pod: Pod, service: Service = serviceOf()): Endpoint[] {
  const sources = {
    service,
    pods: [pod],
    node: (name: string) => (name === "node-1" ? node : undefined),
  };
  const { groups } = wantedEndpoints(sources, "IPv4");
  return [...groups.values()].flatMap((group) => group.endpoints.map(({ endpoint }) => endpoint));
}

describe("wantedEndpoints", () => {
  it.each([
    ["ready", { ready: true }, {}, { ready: true, serving: true, terminating: false }],
    ["not ready", { ready: false }, {}, { ready: false, serving: false, terminating: false }],
    ["leaving", { deleting: true }, {}, { ready: false, serving: true, terminating: true }],
    [
      "leaving but published",
      { deleting: true, ready: false },
      { publishNotReadyAddresses: true },
      { ready: true, serving: false, terminating: true },
    ],
  ])("conditions of a pod that is %s", (_name, traits, spec, conditions) => {
    const [endpoint] = endpointsOf(podOf({ ip, node: "node-1", ...traits }), serviceOf(spec));
    expect(endpoint?.conditions).toEqual(conditions);
    expect(endpoint).toMatchObject({ addresses: [ip], nodeName: "node-1", zone: "zone-a" });
  });

  it.each([
    ["no address", podOf({ node: "node-1" })],
    ["ended", podOf({ ip, node: "node-1", phase: "Succeeded" })],
    ["on a node that is not known", podOf({ ip, node: "node-9" })],
    ["of another family", podOf({ ip: "fd00::5", node: "node-1" })],
  ])("leaves out a pod that is or has %s", (_name, pod) => {
    expect(endpointsOf(pod)).toEqual([]);
  });

  it("publishes a pod on an unknown node when asked to", () => {
    const service = serviceOf({ publishNotReadyAddresses: true });
    expect(endpointsOf(podOf({ ip, node: "node-9" }), service)).toHaveLength(1);
  });

  it("names a pod only below its own Service", () => {
    const spec = { hostname: "db-0", subdomain: "my-api" };
    expect(endpointsOf(podOf({ ip, node: "node-1", spec }))[0]?.hostname).toBe("db-0");
    const other = { ...spec, subdomain: "other" };
    expect(endpointsOf(podOf({ ip, node: "node-1", spec: other }))[0]?.hostname).toBeUndefined();
  });

  it.each([
    ["PreferSameZone", { forZones: [{ name: "zone-a" }] }],
    ["PreferSameNode", { forZones: [{ name: "zone-a" }], forNodes: [{ name: "node-1" }] }],
  ])("hints of trafficDistribution %s", (trafficDistribution, hints) => {
    const [endpoint] = endpointsOf(
      podOf({ ip, node: "node-1" }),
      serviceOf({ trafficDistribution }),
    );
    expect(endpoint?.hints).toEqual(hints);
  });
});

describe("resolvePorts", () => {
  const pod = podOf({
    spec: {
      containers: [{ name: "main", ports: [{ name: "web", containerPort: 80, protocol: "UDP" }] }],
      initContainers: [
        { name: "sidecar", restartPolicy: "Always", ports: [{ name: "web", containerPort: 81 }] },
        { name: "init", ports: [{ name: "once", containerPort: 82 }] },
      ],
    },
  });

  it.each([
    ["a number", { port: 1, targetPort: 8080 }, 8080],
    ["nothing: the port itself", { port: 1 }, 1],
    ["a name, of the same protocol, in a sidecar", { port: 1, targetPort: "web" }, 81],
    ["a name for UDP", { port: 1, targetPort: "web", protocol: "UDP" as const }, 80],
    ["a name of an init container", { port: 1, targetPort: "once" }, undefined],
    ["a name nobody has", { port: 1, targetPort: "none" }, undefined],
  ])("target port is %s", (_name, port, expected) => {
    expect(resolvePorts(serviceOf({ ports: [port] }), pod)[0]?.port).toBe(expected);
  });
});

describe("hasManagedEndpoints", () => {
  it.each([
    [{}, true],
    [{ selector: {} }, false],
    [{ type: "ExternalName" as const }, false],
  ])("%j: %s", (spec, expected) => {
    expect(hasManagedEndpoints(serviceOf(spec))).toBe(expected);
  });
});
