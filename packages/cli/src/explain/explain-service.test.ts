import type { Endpoint, Node, Pod } from "@kubehop/api";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { describe, expect, it } from "vitest";
import { createStyle } from "@kubehop/trace";
import { closestWord } from "./closest-word.ts";
import { explainService } from "./explain-service.ts";
import type { ExplainedCluster } from "./explained-cluster.ts";
import { formatExplanation } from "./format-explanation.ts";

interface PodFixture {
  readonly labels?: Record<string, string>;
  readonly status?: Record<string, unknown>;
  readonly ports?: { name?: string; containerPort: number }[];
}

function pod(name: string, ip: string, fixture: PodFixture = {}): Pod {
  const ready = { phase: "Running", podIP: ip, podIPs: [{ ip }] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", labels: fixture.labels ?? { app: "my-api" } },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "app", ports: fixture.ports ?? [{ name: "web", containerPort: 8080 }] }],
    },
    status: fixture.status ?? ready,
  } as unknown as Pod;
}

function endpoint(ip: string, conditions: Endpoint["conditions"] = {}, more = {}): Endpoint {
  const name = `pod-${ip.split(".").at(-1)}`;
  const all = { ready: true, serving: true, terminating: false, ...conditions };
  const targetRef = { kind: "Pod", namespace: "default", name };
  return { addresses: [ip], conditions: all, nodeName: "node-1", targetRef, ...more };
}

const nodes = ["node-1", "node-2"].map((name) => ({ metadata: { name } }) as unknown as Node);
const current = new Map(nodes.map(({ metadata }) => [metadata.name, "50"]));
const service = serviceFixture({ spec: { selector: { app: "my-api" } } });
const slice = sliceFixture({ endpoints: [endpoint("10.244.1.5"), endpoint("10.244.1.6")] });
const base: ExplainedCluster = {
  service,
  slices: [slice],
  pods: [pod("pod-5", "10.244.1.5"), pod("pod-6", "10.244.1.6")],
  nodes,
  proxies: current,
};

function explain(change: Partial<ExplainedCluster>, node = "node-1") {
  const explanation = explainService({ ...base, ...change }, node);
  return {
    ...explanation,
    codes: explanation.findings.map(({ code }) => code),
    states: explanation.ports.flatMap(({ endpoints }) => endpoints.map(({ state }) => state)),
  };
}

describe("explainService", () => {
  it("finds nothing wrong where nothing is, and shares out the connections", () => {
    const { findings, ports, tables } = explain({});
    expect(findings).toEqual([]);
    expect(ports[0]?.endpoints.map((one) => [one.pod, one.probability, one.state])).toEqual([
      ["default/pod-5", 0.5, "Serving"],
      ["default/pod-6", 0.5, "Serving"],
    ]);
    expect(tables).toEqual(
      nodes.map(({ metadata }) => ({
        node: metadata.name,
        resourceVersion: "50",
        state: "current",
      })),
    );
  });

  it("says why each endpoint is in or out", () => {
    const endpoints = [
      endpoint("10.244.1.5"),
      endpoint("10.244.1.6", { ready: false, serving: false }),
      endpoint("10.244.1.7", { ready: false, terminating: true }),
      endpoint("10.244.1.8"),
    ];
    const slices = [sliceFixture({ endpoints, weights: { "10.244.1.8": 0 } })];
    const crashing = {
      phase: "Running",
      podIP: "10.244.1.6",
      containerStatuses: [
        { name: "app", ready: false, state: { waiting: { reason: "CrashLoopBackOff" } } },
      ],
    };
    const pods = [
      pod("pod-6", "10.244.1.6", { status: crashing }),
      pod("done", "10.244.1.9", { status: { phase: "Succeeded", podIP: "10.244.1.9" } }),
      pod("new", "", { status: { phase: "Pending" } }),
      pod("late", "10.244.1.10"),
    ];
    const { states, ports } = explain({ slices, pods });
    expect(states).toEqual([
      "Serving",
      "NotReady",
      "Terminating",
      "WeightZero",
      "Finished",
      "NoAddress",
      "NotListed",
    ]);
    expect(ports[0]?.endpoints[1]?.reason).toBe("app: CrashLoopBackOff");
  });

  it("keeps what terminates while nothing else is left", () => {
    const endpoints = [endpoint("10.244.1.5", { ready: false, terminating: true })];
    expect(explain({ slices: [sliceFixture({ endpoints })], pods: [] }).states).toEqual([
      "ServingLast",
    ]);
  });

  it("follows topology hints", () => {
    const endpoints = [
      endpoint("10.244.1.5", {}, { hints: { forNodes: [{ name: "node-1" }] } }),
      endpoint("10.244.2.5", {}, { nodeName: "node-2", hints: { forNodes: [{ name: "node-2" }] } }),
    ];
    const { states, ports } = explain({ slices: [sliceFixture({ endpoints })] });
    expect(states.slice(0, 2)).toEqual(["Serving", "HintedElsewhere"]);
    expect(ports[0]?.endpoints[1]?.reason).toBe("meant for node-2");
  });

  it.each<[string, Partial<ExplainedCluster>, string[], RegExp]>([
    [
      "a misspelt selector",
      { service: serviceFixture({ spec: { selector: { app: "my-apy" } } }), slices: [] },
      ["SelectorMatchesNothing"],
      /Pods have app=my-api: a misspelling\?/,
    ],
    [
      "a misspelt key",
      { service: serviceFixture({ spec: { selector: { ap: "my-api" } } }), slices: [] },
      ["SelectorMatchesNothing"],
      /Pods have a label app: a misspelling\?/,
    ],
    [
      "labels that no pod has together",
      {
        service: serviceFixture({ spec: { selector: { app: "my-api", tier: "back" } } }),
        slices: [],
        pods: [pod("a", "10.0.0.1"), pod("b", "10.0.0.2", { labels: { tier: "back" } })],
      },
      ["SelectorMatchesNothing"],
      /no pod has them all/,
    ],
    [
      "no selector and no slices",
      { service: serviceFixture(), slices: [] },
      ["NoEndpointSlices"],
      /kubernetes.io\/service-name=my-api/,
    ],
    [
      "a port name that the pods don't have",
      {
        service: serviceFixture({
          ports: [{ name: "http", port: 80, targetPort: "wen" }],
          spec: { selector: { app: "my-api" } },
        }),
        slices: [sliceFixture({ endpoints: [], ports: [] })],
      },
      ["NamedPortMissing", "NoReadyEndpoints"],
      /They have one named "web"/,
    ],
    [
      "a port number that the pods don't declare",
      { pods: [pod("pod-5", "10.244.1.5", { ports: [{ containerPort: 9090 }] })] },
      ["PortMismatch"],
      /targetPort is 8080, but the pods' containers declare 9090/,
    ],
    [
      "no ready endpoint",
      { slices: [sliceFixture({ endpoints: [endpoint("10.244.1.5", { ready: false })] })] },
      ["NoReadyEndpoints"],
      /none of 2 endpoints is ready, so connections are refused/,
    ],
    [
      "weights that are all 0",
      {
        slices: [sliceFixture({ endpoints: ["10.244.1.5"], weights: { "10.244.1.5": 0 } })],
        pods: [pod("pod-5", "10.244.1.5")],
      },
      ["AllWeightsZero"],
      /kubehop.dev\/weight/,
    ],
    [
      "an alias",
      {
        service: serviceFixture({
          spec: { type: "ExternalName", externalName: "example.com", clusterIPs: [] },
        }),
        slices: [],
      },
      ["ExternalName"],
      /CNAME to example.com/,
    ],
    [
      "another proxy",
      {
        service: serviceFixture({
          labels: { "service.kubernetes.io/service-proxy-name": "other" },
          spec: { selector: { app: "my-api" } },
        }),
      },
      ["OtherProxy"],
      /kube-proxy does not serve it/,
    ],
    [
      "a proxy that is behind and one that is silent",
      {
        service: { ...service, metadata: { ...service.metadata, resourceVersion: "60" } },
        proxies: new Map([["node-1", "59"]]),
      },
      ["StaleTable", "ProxySilent"],
      /from resourceVersion 59/,
    ],
  ])("names the fault: %s", (_, change, codes, text) => {
    const explanation = explain(change);
    expect(explanation.codes).toEqual(codes);
    expect(formatExplanation(explanation, createStyle(false))).toMatch(text);
  });

  it("knows which node lacks an endpoint when the policy is Local", () => {
    const local = serviceFixture({
      spec: { selector: { app: "my-api" }, internalTrafficPolicy: "Local" },
    });
    expect(explain({ service: local }).codes).toEqual([]);
    const other = explain({ service: local }, "node-2");
    expect(other.states).toEqual(["NotLocal", "NotLocal"]);
    expect(other.findings).toEqual([
      {
        severity: "error",
        code: "NoLocalEndpoints",
        message: "Port http: the policy is Local and node-2 has no ready endpoint.",
        next: "Clients on node-1 are served.",
      },
    ]);
  });

  it("has no draw for a headless Service", () => {
    const headless = serviceFixture({
      spec: { clusterIP: "None", clusterIPs: ["None"], selector: { app: "my-api" } },
    });
    const { ports, codes, states } = explain({ service: headless });
    expect(codes).toEqual(["Headless"]);
    expect(states).toEqual(["Serving", "Serving"]);
    expect(ports[0]?.endpoints[0]).not.toHaveProperty("probability");
  });
});

describe("formatExplanation", () => {
  it("is a table a port, the tables of the nodes, and what is wrong", () => {
    const explanation = explain({
      pods: [
        pod("pod-5", "10.244.1.5"),
        pod("pod-6", "10.244.1.6", { ports: [{ containerPort: 9090 }] }),
        pod("new", "", { status: { phase: "Pending" } }),
      ],
      proxies: new Map([["node-1", "50"]]),
    });
    expect(formatExplanation(explanation, createStyle(false))).toBe(
      `Service default/my-api  ClusterIP  10.96.0.50, seen from node-1
selector app=my-api

http 80/TCP → 8080
  ENDPOINT          POD             NODE     WEIGHT   SHARE    STATE
  10.244.1.5:8080   default/pod-5   node-1   1        50.0 %   in
  10.244.1.6:8080   default/pod-6   node-1   1        50.0 %   in
                    default/new     node-1   0        0.0 %    out: no address: phase Pending

kube-proxy tables: node-1 current (50), node-2 silent

warning: The kube-proxy of node-2 does not say what it serves.
  It may be down or cut off: kubehop status, kubehop logs kube-proxy.
`,
    );
  });
});

describe("closestWord", () => {
  it.each([
    ["my-apy", "my-api"],
    ["my-a", undefined],
    ["api", undefined],
    ["kubernets", "kubernetes"],
  ])("%s → %s", (word, expected) => {
    expect(closestWord(word, ["my-api", "kubernetes", "web"])).toBe(expected);
  });
});
