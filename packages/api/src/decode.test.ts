import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeObject, strictDecodingError } from "./decode.ts";
import { BodyKinds } from "./kinds/bodies.ts";
import { Kinds } from "./kinds/index.ts";
import type { Service } from "./kinds/service.ts";

const service = (spec: unknown, metadata: unknown = { name: "web" }): unknown => ({
  apiVersion: "v1",
  kind: "Service",
  metadata,
  spec,
});

describe("decodeObject", () => {
  test("gives a good object as it came", () => {
    const value = service({ ports: [{ port: 80, targetPort: "http" }], selector: { app: "web" } });
    expect(decodeObject(Kinds.Service, value)).toEqual({ object: value, unknown: [] });
  });

  test("fills in apiVersion, kind and metadata", () => {
    const { object } = decodeObject(Kinds.Deployment, { spec: {} });
    expect(object).toEqual({ apiVersion: "apps/v1", kind: "Deployment", metadata: {}, spec: {} });
    expect(Object.keys(object).slice(0, 3)).toEqual(["apiVersion", "kind", "metadata"]);
  });

  test("leaves out unknown fields and says which", () => {
    const value = service(
      { selectr: {}, ports: [{ port: 80 }, { port: 81, prot: "TCP" }] },
      { name: "web", lables: {}, ownerReferences: [{ uid: "u", nme: "x" }] },
    );
    const before = structuredClone(value);
    const { object, unknown } = decodeObject(Kinds.Service, value);
    expect(unknown).toEqual([
      "metadata.lables",
      "metadata.ownerReferences[0].nme",
      "spec.selectr",
      "spec.ports[1].prot",
    ]);
    expect(object.spec).toEqual({ ports: [{ port: 80 }, { port: 81 }] });
    expect(value).toEqual(before);
  });

  test("null counts as absent", () => {
    const value = service(
      { ports: null, selector: { a: null, b: "c" }, clusterIP: null },
      { name: "web", creationTimestamp: null },
    );
    expect(decodeObject(Kinds.Service, value)).toEqual({
      object: service({ selector: { b: "c" } }),
      unknown: [],
    });
  });

  test("a null item is its type's zero value", () => {
    const value = { spec: { containers: [{ args: [null, "x"], ports: [null] }] } };
    const { object } = decodeObject(Kinds.Pod, value);
    expect(object.spec.containers).toEqual([{ args: ["", "x"], ports: [{}] }]);
  });

  test("shares what it need not change", () => {
    const ports = [{ port: 80 }];
    const selector = { app: "web" };
    const { object } = decodeObject(Kinds.Service, service({ ports, selector, nope: 1 }));
    expect(object.spec.ports).toBe(ports);
    expect(object.spec.selector).toBe(selector);
  });

  test("free-form parts keep everything", () => {
    const affinity = { nodeAffinity: { anything: [1, null, { x: "y" }] } };
    const { object, unknown } = decodeObject(Kinds.Pod, { spec: { containers: [], affinity } });
    expect(object.spec.affinity).toEqual(affinity);
    expect(unknown).toEqual([]);
  });

  test("a quantity may be a number", () => {
    const limits = { cpu: 2, memory: "64Mi" };
    const value = { spec: { containers: [{ name: "c", resources: { limits } }] } };
    const { object } = decodeObject(Kinds.Pod, value);
    expect(object.spec.containers[0]?.resources?.limits).toEqual({ cpu: "2", memory: "64Mi" });
  });

  test("__proto__ is an unknown field like any other", () => {
    const value = JSON.parse('{"spec":{"__proto__":{"type":"NodePort"}}}') as unknown;
    const { object, unknown } = decodeObject(Kinds.Service, value);
    expect(unknown).toEqual(["spec.__proto__"]);
    expect(object.spec.type).toBeUndefined();
  });

  test("decodes the bodies of subresources", () => {
    const { object } = decodeObject(BodyKinds.Scale, { spec: { replicas: 3, x: 1 } });
    expect(object).toEqual({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata: {},
      spec: { replicas: 3 },
    });
  });
});

describe("a wrong JSON type is 400 with upstream's text", () => {
  const prefix = 'Service in version "v1" cannot be handled as a Service: ';

  test.each<[unknown, string]>([
    [
      service({ ports: [{ port: "80" }] }),
      "json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32",
    ],
    [
      service({ ports: [{ port: 80.5 }] }),
      "json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32",
    ],
    [
      service({ ports: [{ port: 3e9 }] }),
      "json: cannot unmarshal number 3000000000 into Go struct field ServicePort.spec.ports.port of type int32",
    ],
    [
      service({ ports: {} }),
      "json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort",
    ],
    [
      service({ ports: ["x"] }),
      "json: cannot unmarshal string into Go struct field ServiceSpec.spec.ports of type v1.ServicePort",
    ],
    [
      service({ selector: "x" }),
      "json: cannot unmarshal string into Go struct field ServiceSpec.spec.selector of type map[string]string",
    ],
    [
      service({ publishNotReadyAddresses: "yes" }),
      "json: cannot unmarshal string into Go struct field ServiceSpec.spec.publishNotReadyAddresses of type bool",
    ],
    [
      service({ ports: [{ targetPort: true }] }),
      "json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type intstr.IntOrString",
    ],
    [
      service([]),
      "json: cannot unmarshal array into Go struct field Service.spec of type v1.ServiceSpec",
    ],
    [
      service({}, { labels: { a: 1 } }),
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string",
    ],
    [
      service({}, { name: 5 }),
      "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string",
    ],
    [
      service({}, { creationTimestamp: "today" }),
      'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"',
    ],
    [[], "json: cannot unmarshal array into Go value"],
    ["x", "json: cannot unmarshal string into Go value"],
    [null, "json: cannot unmarshal null into Go value"],
  ])("%j", (value, message) => {
    expect(() => decodeObject(Kinds.Service, value)).toThrow(
      expect.objectContaining({ code: 400, message: prefix + message }) as Error,
    );
  });

  test("a quantity that is none", () => {
    const resources = { limits: { cpu: "lots" } };
    const pod = { spec: { containers: [{ name: "c", resources }] } };
    expect(() => decodeObject(Kinds.Pod, pod)).toThrow(
      "quantities must match the regular expression",
    );
  });
});

describe("another kind is 400", () => {
  test.each<[unknown, string]>([
    [
      { kind: "Pod" },
      'Pod in version "v1" cannot be handled as a Service: converting (v1.Pod) to (core.Service): unknown conversion',
    ],
    [
      { apiVersion: "apps/v1" },
      "the API version in the data (apps/v1) does not match the expected API version (v1)",
    ],
  ])("%j", (value, message) => {
    expect(() => decodeObject(Kinds.Service, value)).toThrow(message);
  });
});

test("strictDecodingError lists the problems", () => {
  const problems = ['unknown field "spec.selectr"', 'unknown field "spec.ports[0].foo"'];
  expect(strictDecodingError(Kinds.Service, problems).message).toBe(
    'Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field ' +
      '"spec.selectr", unknown field "spec.ports[0].foo"',
  );
});

test("any JSON decodes or fails with 400, and decoding again changes nothing", () => {
  const field = fc.constantFrom(
    "metadata",
    "spec",
    "ports",
    "port",
    "name",
    "selector",
    "x",
    "labels",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, 1, "a", true, 1.5),
      fc.array(tie("tree"), { maxLength: 2 }),
      fc.dictionary(field, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(tree, (value) => {
      let first: Service;
      try {
        first = decodeObject(Kinds.Service, value).object;
      } catch (error) {
        expect(error).toMatchObject({ code: 400 });
        return;
      }
      expect(decodeObject(Kinds.Service, first)).toEqual({ object: first, unknown: [] });
    }),
  );
});
