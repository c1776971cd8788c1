import fc from "fast-check";
import { expect, it } from "vitest";
import { parseClusterName } from "./cluster-name.ts";

const service = { kind: "service", service: "my-api", namespace: "default" };

it.each([
  ["my-api.default.svc.cluster.local", service],
  ["MY-API.Default.svc.cluster.local.", service],
  ["default.svc.cluster.local", { kind: "namespace", namespace: "default" }],
  [
    "my-db-0.my-db.default.svc.cluster.local",
    { kind: "endpoint", hostname: "my-db-0", service: "my-db", namespace: "default" },
  ],
  [
    "_http._tcp.my-api.default.svc.cluster.local",
    { ...service, kind: "port", port: "http", protocol: "tcp" },
  ],
  ["a.b.my-api.default.svc.cluster.local", { kind: "unknown" }],
  ["a.b.c.my-api.default.svc.cluster.local", { kind: "unknown" }],
  ["my-api.cluster.local", { kind: "unknown" }],
  ["svc.cluster.local", { kind: "unknown" }],
  [
    "10-244-1-5.default.pod.cluster.local",
    { kind: "pod", address: "10-244-1-5", namespace: "default" },
  ],
  ["default.pod.cluster.local", { kind: "unknown" }],
  ["50.0.96.10.in-addr.arpa", { kind: "reverse" }],
  ["example.com", { kind: "outside" }],
  ["notcluster.local", { kind: "outside" }],
  ["", { kind: "outside" }],
])("%j", (name, expected) => {
  expect(parseClusterName(name, "cluster.local")).toEqual(expected);
});

it("reads every name below the domain", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const { kind } = parseClusterName(`${text}.cluster.local`, "cluster.local");
      expect(kind).not.toBe("outside");
    }),
  );
});
