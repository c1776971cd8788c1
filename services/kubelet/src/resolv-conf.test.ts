import { describe, expect, it } from "vitest";
import type { PodSpec } from "@kubehop/api";
import {
  type ClusterDns,
  formatResolvConf,
  parseResolvConf,
  podResolvConf,
} from "./resolv-conf.ts";

const dns: ClusterDns = {
  nameservers: ["10.96.0.10"],
  domain: "cluster.local",
  node: { nameservers: ["192.0.2.1"], searches: ["example.org"], options: ["edns0"] },
};

function conf(spec: Partial<PodSpec>, cluster = dns): string {
  return formatResolvConf(podResolvConf({ containers: [], ...spec }, "default", cluster));
}

const CLUSTER =
  "nameserver 10.96.0.10\n" +
  "search default.svc.cluster.local svc.cluster.local cluster.local example.org\n" +
  "options ndots:5\n";
const NODE = "nameserver 192.0.2.1\nsearch example.org\noptions edns0\n";

describe("podResolvConf", () => {
  it.each<[string, Partial<PodSpec>, string]>([
    ["no policy is ClusterFirst", {}, CLUSTER],
    ["ClusterFirst", { dnsPolicy: "ClusterFirst" }, CLUSTER],
    ["ClusterFirst on the node's network is Default", { hostNetwork: true }, NODE],
    [
      "ClusterFirstWithHostNet",
      { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
      CLUSTER,
    ],
    ["Default", { dnsPolicy: "Default" }, NODE],
    [
      "None",
      { dnsPolicy: "None", dnsConfig: { nameservers: ["192.0.2.9"], searches: ["a.b"] } },
      "nameserver 192.0.2.9\nsearch a.b\n",
    ],
    [
      "dnsConfig adds, and replaces options of the same name",
      {
        dnsConfig: {
          nameservers: ["192.0.2.9", "10.96.0.10"],
          searches: ["extra", "svc.cluster.local"],
          options: [{ name: "ndots", value: "2" }, { name: "rotate" }, {}],
        },
      },
      "nameserver 10.96.0.10\nnameserver 192.0.2.9\n" +
        "search default.svc.cluster.local svc.cluster.local cluster.local example.org extra\n" +
        "options ndots:2 rotate\n",
    ],
  ])("%s", (_title, spec, expected) => {
    expect(conf(spec)).toBe(expected);
  });

  it("uses the node's without a cluster DNS", () => {
    expect(conf({}, { ...dns, nameservers: [] })).toBe(NODE);
  });

  it("keeps to 3 name servers, 32 searches and 2048 characters", () => {
    const searches = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const nameservers = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
    const many = podResolvConf(
      { containers: [], dnsPolicy: "None", dnsConfig: { nameservers, searches } },
      "default",
      dns,
    );
    expect([many.nameservers.length, many.searches.length]).toEqual([3, 32]);
    const long = ["a", "b", "c"].map((letter) => letter.repeat(1_000));
    const cut = podResolvConf(
      { containers: [], dnsPolicy: "None", dnsConfig: { searches: long } },
      "default",
      dns,
    );
    expect(cut.searches).toEqual(long.slice(0, 2));
  });
});

it("parseResolvConf takes the last search line and leaves comments out", () => {
  const text =
    "# x\nnameserver 1.1.1.1 ; y\nsearch a b\ndomain c\noptions ndots:1 rotate\nnonsense\n";
  expect(parseResolvConf(text)).toEqual({
    nameservers: ["1.1.1.1"],
    searches: ["c"],
    options: ["ndots:1", "rotate"],
  });
});
