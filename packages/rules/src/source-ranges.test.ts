import { buildTable } from "@kubehop/routing";
import { serviceFixture } from "@kubehop/routing/testing";
import { expect, test } from "vitest";
import { toContext } from "./rules-options.ts";
import { viewServices } from "./service-view.ts";
import { acceptedSources } from "./source-ranges.ts";

test.each([
  ["no range: everybody", [], []],
  ["the ranges", ["198.51.100.0/24"], ["198.51.100.0/24"]],
  ["a range of everything: everybody", ["198.51.100.0/24", "0.0.0.0/0"], []],
  ["only this family's", ["fd00::/8", "198.51.100.0/24"], ["198.51.100.0/24"]],
  [
    "a range with this node: the address itself too",
    ["172.31.0.0/16"],
    ["172.31.0.0/16", "BALANCER"],
  ],
  ["text that is no range stays, as it is validated elsewhere", ["172.31/99"], ["172.31/99"]],
])("%s", (_, loadBalancerSourceRanges, expected) => {
  const service = serviceFixture({
    spec: { type: "LoadBalancer", loadBalancerSourceRanges },
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.10" }] } },
  });
  const table = buildTable([service], [], { name: "node-1", addresses: ["172.31.0.11"] }, "1");
  const context = toContext(table, {});
  const sources = viewServices(table, context).flatMap((view) => acceptedSources(view, context));
  expect(sources.map((source) => source.replace("203.0.113.10", "BALANCER"))).toEqual(expected);
});
