import { Kinds, type Kind } from "@kubehop/api";
import { expect, it } from "vitest";
import { schemasOf } from "./schemas.ts";

it("structs stand beside the kinds, and fields refer to them", () => {
  const schemas = schemasOf([Kinds.Service]);
  const service = schemas["io.k8s.api.core.v1.Service"] as { properties: Record<string, object> };
  expect(service).toMatchObject({
    "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Service" }],
    properties: {
      spec: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.ServiceSpec" }] },
    },
  });
  expect(schemas["io.k8s.api.core.v1.ServiceSpec"]).toMatchObject({
    properties: {
      ports: {
        type: "array",
        items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.ServicePort" }] },
      },
    },
  });
});

it("each reference leads to a schema, also those of schemas inside themselves", () => {
  for (const kind of Object.values(Kinds) as Kind[]) {
    const schemas = schemasOf([kind]);
    const text = JSON.stringify(schemas);
    const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);
    expect(names.filter((name) => !Object.hasOwn(schemas, name ?? ""))).toEqual([]);
  }
});

it("names are upstream's, whichever kind a struct stands in", () => {
  const names = Object.keys(schemasOf([Kinds.Deployment]));
  expect(names).toEqual(
    expect.arrayContaining([
      "io.k8s.api.apps.v1.DeploymentSpec",
      "io.k8s.api.core.v1.PodSpec",
      "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
      "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
      "io.k8s.apimachinery.pkg.api.resource.Quantity",
    ]),
  );
  expect(Object.keys(schemasOf([Kinds.EndpointSlice]))).toContain(
    "io.k8s.api.discovery.v1.EndpointPort",
  );
});
