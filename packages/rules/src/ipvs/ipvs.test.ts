import type { Endpoint, ServiceSpec } from "@kubehop/api";
import { buildTable } from "@kubehop/routing";
import { serviceFixture, sliceFixture } from "@kubehop/routing/testing";
import { describe, expect, test } from "vitest";
import { renderIpvs } from "./index.ts";

const NEAR: Endpoint = { addresses: ["10.244.1.5"], nodeName: "node-1" };
const FAR: Endpoint = { addresses: ["10.244.2.7"], nodeName: "node-2" };
const LOCAL: Partial<ServiceSpec> = { externalTrafficPolicy: "Local" };

describe("renderIpvs", () => {
  test.each([
    ["Cluster: every endpoint on both", {}, [NEAR, FAR], ["5", "7"], ["5", "7"]],
    ["external Local: this node's outside", LOCAL, [NEAR, FAR], ["5", "7"], ["5"]],
    ["external Local without one here: every one", LOCAL, [FAR], ["7"], ["7"]],
    [
      "internal Local: this node's inside",
      { internalTrafficPolicy: "Local" as const },
      [NEAR, FAR],
      ["5"],
      ["5", "7"],
    ],
    ["no endpoint: a virtual server without any", {}, [], [], []],
  ])("%s", (_, spec, endpoints, inside, outside) => {
    const text = render(spec, endpoints);
    expect(hostsOf(text, "10.96.0.50:80")).toEqual(inside);
    expect(hostsOf(text, "172.31.0.11:30080")).toEqual(outside);
  });

  test.each([
    [undefined, "-s rr\n", "-w 1"],
    [{ "10.244.1.5": 3, "10.244.2.7": 3 }, "-s rr\n", "-w 1"],
    [{ "10.244.1.5": 3 }, "-s wrr\n", "-w 3"],
  ])("weights %j are %s", (weights, scheduler, weight) => {
    const text = render({}, [NEAR, FAR], weights);
    expect(text).toContain(`-A -t 10.96.0.50:80 ${scheduler}`);
    expect(text).toContain(`-a -t 10.96.0.50:80 -r 10.244.1.5:8080 -m ${weight}\n`);
  });

  test("affinity is persistence", () => {
    expect(render({ sessionAffinity: "ClientIP" }, [NEAR])).toContain(
      "-A -t 10.96.0.50:80 -s rr -p 10800\n",
    );
  });
});

function render(
  spec: Partial<ServiceSpec>,
  endpoints: readonly Endpoint[],
  weights?: Record<string, number>,
): string {
  const ports = [{ name: "http", port: 80, nodePort: 30_080 }];
  const service = serviceFixture({ ports, spec: { type: "NodePort", ...spec } });
  const slice = sliceFixture({ endpoints, ...(weights !== undefined && { weights }) });
  const node = { name: "node-1", addresses: ["172.31.0.11"] };
  return renderIpvs(buildTable([service], [slice], node, "1"));
}

/** The last numbers of the addresses behind a virtual server. */
function hostsOf(text: string, server: string): (string | undefined)[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`-a -t ${server} `))
    .map((line) => /-r [\d.]+\.(\d+):/.exec(line)?.[1]);
}
