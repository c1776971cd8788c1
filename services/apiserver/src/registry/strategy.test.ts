import { Kinds, type Service } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, statusUpdated, updated } from "../testing/strategies.ts";
import { createStrategies } from "./index.ts";
import { createStrategy } from "./strategy.ts";

const generic = createStrategy(Kinds.ServiceAccount);
const withStatus = createStrategy(Kinds.Service);

describe("status and the rest are written apart", () => {
  const old: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", resourceVersion: "5", labels: { a: "b" } },
    spec: { clusterIP: "10.96.0.1" },
    status: { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } },
  };
  const manifest = {
    metadata: { name: "web", resourceVersion: "5", labels: { x: "y" } },
    spec: { clusterIP: "10.96.0.2" },
    status: { loadBalancer: {} },
  };

  test("a create takes no status", () => {
    const { object } = created(Kinds.Service, withStatus, manifest);
    expect(object).not.toHaveProperty("status");
  });

  test("an update keeps the old status", () => {
    const { object } = updated(Kinds.Service, withStatus, { old, manifest });
    expect(object.status).toEqual(old.status);
    expect(object.spec.clusterIP).toBe("10.96.0.2");
    expect(object.metadata.labels).toEqual({ x: "y" });
  });

  test("a status update keeps all but the status", () => {
    const { object } = statusUpdated(Kinds.Service, withStatus, { old, manifest });
    expect(object).toEqual({ ...old, status: { loadBalancer: {} } });
  });

  test("a status update without resourceVersion stays without", () => {
    const unconditional = { metadata: { name: "web" }, status: {} };
    const { object } = statusUpdated(Kinds.Service, withStatus, { old, manifest: unconditional });
    expect(object.metadata).toEqual({ name: "web", labels: { a: "b" } });
  });

  test("a kind without /status keeps a field of that name to itself", () => {
    expect(generic.createOnUpdate).toBe(false);
    expect(
      generic.warnings({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a" } }),
    ).toEqual([]);
  });
});

describe("metadata", () => {
  const causesOf = (metadata: object): readonly string[] =>
    created(Kinds.ServiceAccount, generic, { metadata }).causes;

  test.each([
    { name: "a" },
    { name: "a.b-c" },
    { name: "web-x7", generateName: "web-" },
    { name: "a", labels: { "app.kubernetes.io/name": "x", empty: "" } },
    { name: "a", annotations: { "Upper.example/OK": "anything at all: ü" } },
    { name: "a", finalizers: ["kubernetes", "example.com/mine"] },
  ])("%j is good", (metadata) => expect(causesOf(metadata)).toEqual([]));

  test.each<[object, RegExp]>([
    [{}, /^metadata\.name: Required value: name or generateName is required$/],
    [{ name: "A" }, /^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain must/],
    [{ name: "x", generateName: "_" }, /^metadata\.generateName: Invalid value: "_"/],
    [
      { name: "a", labels: { "a b": "c" } },
      /^metadata\.labels: Invalid value: "a b": name part must/,
    ],
    [
      { name: "a", labels: { a: "b c" } },
      /^metadata\.labels: Invalid value: "b c": a valid label must/,
    ],
    [{ name: "a", annotations: { "a b": "" } }, /^metadata\.annotations: Invalid value: "a b"/],
    [
      { name: "a", annotations: { a: "x".repeat(262_144) } },
      /^metadata\.annotations: Too long: may not be more than 262144 bytes$/,
    ],
    [{ name: "a", finalizers: ["no good"] }, /^metadata\.finalizers: Invalid value: "no good"/],
    [
      { name: "a", ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p" }] },
      /^metadata\.ownerReferences\[0\]\.uid: Invalid value: "": must not be empty$/,
    ],
  ])("%j", (metadata, text) => {
    const causes = causesOf(metadata);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toMatch(text);
  });

  test("two controllers are one too many", () => {
    const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "1", controller: true };
    const [cause] = causesOf({
      name: "a",
      ownerReferences: [owner, { ...owner, name: "q", uid: "2" }],
    });
    expect(cause).toContain('Found "true" in references for Pod/p and Pod/q');
  });
});

test("every kind has a strategy", () => {
  const strategyOf = createStrategies({ ipFamilies: ["IPv4"] });
  const creating = Object.values(Kinds).filter((kind) => strategyOf(kind).createOnUpdate);
  expect(creating.map((kind) => kind.kind)).toEqual(["Service", "Endpoints", "Lease", "Event"]);
  expect(strategyOf(Kinds.Pod)).toBe(strategyOf(Kinds.Pod));
});
