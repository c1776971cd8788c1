import type { Endpoints, EndpointSlice, Service, ServiceSpec } from "@kubehop/api";
import { describe, expect, it } from "vitest";
import { isMirrored, mirrorDraft, mirroredGroups, updatedMirror } from "./mirror.ts";

const endpoints = (parts: Partial<Endpoints> = {}, metadata = {}): Endpoints => ({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "outside", namespace: "default", uid: "uid-1", ...metadata },
  ...parts,
});
const service = (spec: Partial<ServiceSpec> = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "outside", namespace: "default" },
  spec: { ports: [{ port: 80 }], ...spec },
});

describe("isMirrored", () => {
  it.each([
    ["no selector", service(), {}, true],
    ["an empty selector", service({ selector: {} }), {}, true],
    ["a selector", service({ selector: { app: "web" } }), {}, false],
    ["no Service", undefined, {}, false],
    [
      "skip-mirror",
      service(),
      { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
      false,
    ],
    [
      "a leader",
      service(),
      { annotations: { "control-plane.alpha.kubernetes.io/leader": "{}" } },
      false,
    ],
  ])("%s", (_, owner, metadata, expected) => {
    expect(isMirrored(owner, endpoints({}, metadata))).toBe(expected);
  });
});

describe("mirroredGroups", () => {
  const SUBSETS: Endpoints["subsets"] = [
    {
      addresses: [
        {
          ip: "192.0.2.1",
          hostname: "one",
          nodeName: "node-1",
          targetRef: { kind: "Pod", name: "p" },
        },
        { ip: "2001:db8::1" },
      ],
      notReadyAddresses: [{ ip: "192.0.2.2" }, { ip: "192.0.2.1" }],
      ports: [{ name: "http", port: 8080 }],
    },
    {
      addresses: [{ ip: "192.0.2.3" }, { ip: "192.0.2.1" }],
      ports: [{ name: "http", port: 8080 }],
    },
    { addresses: [{ ip: "192.0.2.1" }], ports: [{ name: "http", port: 9090, protocol: "UDP" }] },
  ];
  const shown = (type: "IPv4" | "IPv6") =>
    [...mirroredGroups(endpoints({ subsets: SUBSETS }), type).values()].map((group) => ({
      ports: group.ports,
      endpoints: group.endpoints.map(({ endpoint }) => endpoint),
    }));

  it("keeps addresses with the same ports together, each once, ready before not ready", () => {
    expect(shown("IPv4")).toEqual([
      {
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
        endpoints: [
          {
            addresses: ["192.0.2.1"],
            conditions: { ready: true },
            hostname: "one",
            nodeName: "node-1",
            targetRef: { kind: "Pod", name: "p" },
          },
          { addresses: ["192.0.2.2"], conditions: { ready: false } },
          { addresses: ["192.0.2.3"], conditions: { ready: true } },
        ],
      },
      {
        ports: [{ name: "http", port: 9090, protocol: "UDP" }],
        endpoints: [{ addresses: ["192.0.2.1"], conditions: { ready: true } }],
      },
    ]);
  });

  it("keeps the families apart", () => {
    expect(shown("IPv6")).toEqual([
      {
        ports: [{ name: "http", port: 8080, protocol: "TCP" }],
        endpoints: [{ addresses: ["2001:db8::1"], conditions: { ready: true } }],
      },
    ]);
  });

  it("takes a thousand addresses of a subset", () => {
    const addresses = Array.from({ length: 1_500 }, (_, n) => ({
      ip: `10.0.${n >> 8}.${n & 255}`,
    }));
    const [group] = mirroredGroups(endpoints({ subsets: [{ addresses }] }), "IPv4").values();
    expect(group?.endpoints).toHaveLength(1_000);
  });
});

describe("a mirrored slice", () => {
  const source = endpoints(
    {},
    {
      labels: { team: "a" },
      annotations: {
        "kubehop.dev/weights": '{"192.0.2.1":3}',
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
      },
    },
  );
  const content = { ports: [], endpoints: [] };
  const draft = mirrorDraft(source, "IPv4", content);
  const stored: EndpointSlice = { ...draft, metadata: { ...draft.metadata, name: "outside-abc" } };

  it("says whose it is, and has the labels and annotations of the Endpoints", () => {
    expect(mirrorDraft(source, "IPv4", content)).toMatchObject({
      addressType: "IPv4",
      metadata: {
        generateName: "outside-",
        labels: {
          team: "a",
          "kubernetes.io/service-name": "outside",
          "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
        },
        annotations: { "kubehop.dev/weights": '{"192.0.2.1":3}' },
        ownerReferences: [{ kind: "Endpoints", name: "outside", uid: "uid-1", controller: true }],
      },
    });
  });

  it("is written again only when something of it differs", () => {
    expect(updatedMirror(source, stored, undefined)).toBeUndefined();
    expect(updatedMirror(source, stored, content)).toBeUndefined();
    const renamed = { ...source, metadata: { ...source.metadata, labels: { team: "b" } } };
    expect(updatedMirror(renamed, stored, undefined)?.metadata.labels).toMatchObject({
      team: "b",
    });
  });
});
