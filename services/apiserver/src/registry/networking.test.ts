import { Kinds } from "@kubehop/api";
import { describe, expect, test } from "vitest";
import { created, updated } from "../testing/strategies.ts";
import { ingressClassStrategy, ingressStrategy } from "./ingress.ts";
import { networkPolicyStrategy } from "./network-policy.ts";

const metadata = { name: "web" };
const backend = { service: { name: "web", port: { number: 80 } } };

describe("Ingress", () => {
  const ingress = (spec: object, annotations: object = {}) =>
    created(Kinds.Ingress, ingressStrategy, { metadata: { ...metadata, annotations }, spec });
  const withPath = (path: object) => ingress({ rules: [{ http: { paths: [path] } }] });

  test.each<[string, object]>([
    ["a default backend", { defaultBackend: backend }],
    ["a rule without paths", { rules: [{ host: "example.com" }] }],
    ["a wildcard host", { rules: [{ host: "*.example.com" }], tls: [{ hosts: ["*.a.b"] }] }],
    [
      "a resource backend",
      { defaultBackend: { resource: { apiGroup: "example.com", kind: "Bucket", name: "b" } } },
    ],
    [
      "a path of another kind",
      { rules: [{ http: { paths: [{ pathType: "ImplementationSpecific", backend }] } }] },
    ],
  ])("%s is good", (_name, spec) => {
    expect(ingress(spec).causes).toEqual([]);
  });

  test.each<[object, string]>([
    [{}, "spec: Invalid value: null: either `defaultBackend` or `rules` must be specified"],
    [
      { rules: [{ host: "10.0.0.1" }] },
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    ],
    [{ rules: [{ host: "a.*.b" }] }, 'spec.rules[0].host: Invalid value: "a.*.b": a wildcard'],
    [{ rules: [{ http: { paths: [] } }] }, "spec.rules[0].http.paths: Required value"],
    [
      { defaultBackend: {} },
      'spec.defaultBackend: Invalid value: "": resource or service backend is required',
    ],
    [
      { defaultBackend: { service: { name: "web" } } },
      "spec.defaultBackend: Required value: port name or number is required",
    ],
    [
      { defaultBackend: { service: { name: "web", port: { number: 80, name: "http" } } } },
      'spec.defaultBackend: Invalid value: "": cannot set both port name & port number',
    ],
    [
      { defaultBackend: { service: { name: "1web", port: { number: 80 } } } },
      'spec.defaultBackend.service.name: Invalid value: "1web": a DNS-1035 label must',
    ],
    [
      { defaultBackend: { ...backend, resource: { kind: "A", name: "b" } } },
      'spec.defaultBackend: Invalid value: "": cannot set both resource and service backends',
    ],
    [{ defaultBackend: backend, ingressClassName: "A" }, "spec.ingressClassName: Invalid value"],
    [{ defaultBackend: backend, tls: [{ secretName: "A" }] }, "spec.tls[0].secretName: Invalid"],
  ])("%j", (spec, text) => {
    const { causes } = ingress(spec);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toContain(text);
  });

  const at = "spec.rules[0].http.paths[0]";
  test.each<[object, string]>([
    [{ path: "/", backend }, `${at}.pathType: Required value: pathType must be specified`],
    [
      { path: "/", pathType: "Regex", backend },
      `${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
    ],
    [
      { path: "a", pathType: "Prefix", backend },
      `${at}.path: Invalid value: "a": must be an absolute path`,
    ],
    [{ pathType: "Exact", backend }, `${at}.path: Invalid value: "": must be an absolute path`],
    [
      { path: "/a//b", pathType: "Prefix", backend },
      `${at}.path: Invalid value: "/a//b": must not contain '//'`,
    ],
    [
      { path: "/a/..", pathType: "Exact", backend },
      `${at}.path: Invalid value: "/a/..": cannot end with '/..'`,
    ],
  ])("path %j", (path, text) => {
    expect(withPath(path).causes).toEqual([text]);
  });

  test("the class is named once", () => {
    const spec = { defaultBackend: backend, ingressClassName: "nginx" };
    expect(ingress(spec, { "kubernetes.io/ingress.class": "nginx" }).causes).toEqual([
      'annotations.kubernetes.io/ingress.class: Invalid value: "nginx": can not be set when the class field is also set',
    ]);
  });
});

describe("IngressClass", () => {
  const ingressClass = (spec: object) =>
    created(Kinds.IngressClass, ingressClassStrategy, { metadata, spec });

  test("parameters are of the cluster by default", () => {
    const parameters = { kind: "Config", name: "one" };
    const { object, causes } = ingressClass({ controller: "example.com/ingress", parameters });
    expect(causes).toEqual([]);
    expect(object.spec?.parameters).toEqual({ ...parameters, scope: "Cluster" });
  });

  test.each<[object, string]>([
    [{}, "spec.controller: Required value"],
    [
      { controller: "nginx" },
      'spec.controller: Invalid value: "nginx": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      { controller: "a.b/c", parameters: { kind: "C", name: "n", scope: "Namespace" } },
      "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
    ],
    [
      { controller: "a.b/c", parameters: { kind: "C", name: "n", namespace: "x" } },
      "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
    ],
  ])("%j", (spec, text) => {
    expect(ingressClass(spec).causes).toEqual([text]);
  });

  test("the controller stays", () => {
    const { object: old } = ingressClass({ controller: "a.b/c" });
    const manifest = { metadata, spec: { controller: "a.b/d" } };
    expect(updated(Kinds.IngressClass, ingressClassStrategy, { old, manifest }).causes).toEqual([
      'spec.controller: Invalid value: "a.b/d": field is immutable',
    ]);
  });
});

describe("NetworkPolicy", () => {
  const policy = (spec: object) =>
    created(Kinds.NetworkPolicy, networkPolicyStrategy, { metadata, spec });

  test.each<[object, readonly string[]]>([
    [{}, ["Ingress"]],
    [{ egress: [{}] }, ["Ingress", "Egress"]],
    [{ policyTypes: ["Egress"] }, ["Egress"]],
  ])("policy types of %j", (spec, types) => {
    const { object, causes } = policy(spec);
    expect(causes).toEqual([]);
    expect(object.spec).toMatchObject({ podSelector: {}, policyTypes: types });
  });

  test("ports are TCP by default", () => {
    const { object } = policy({ ingress: [{ ports: [{ port: 80, endPort: 90 }] }] });
    expect(object.spec?.ingress).toEqual([{ ports: [{ protocol: "TCP", port: 80, endPort: 90 }] }]);
  });

  const block = (ipBlock: object) => ({ ingress: [{ from: [{ ipBlock }] }] });
  test.each<[object, string]>([
    [
      { policyTypes: ["Both"] },
      'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Egress", "Ingress"',
    ],
    [
      { ingress: [{ ports: [{ port: 90, endPort: 80 }] }] },
      "spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`",
    ],
    [
      { egress: [{ ports: [{ port: "http", endPort: 80 }] }] },
      "spec.egress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is non-numeric",
    ],
    [
      { egress: [{ ports: [{ endPort: 80 }] }] },
      "spec.egress[0].ports[0].endPort: Invalid value: 80: may not be specified when `port` is not specified",
    ],
    [{ egress: [{ to: [{}] }] }, "spec.egress[0].to[0]: Required value: must specify a peer"],
    [
      { ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: "10.0.0.0/8" } }] }] },
      "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
    ],
    [block({ cidr: "" }), "spec.ingress[0].from[0].ipBlock.cidr: Required value"],
    [
      block({ cidr: "10.0.0.1" }),
      'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      block({ cidr: "10.0.0.0/24", except: ["10.0.0.0/24"] }),
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/24": must be a strict subset of `cidr`',
    ],
  ])("%j", (spec, text) => {
    expect(policy(spec).causes).toEqual([text]);
  });
});
