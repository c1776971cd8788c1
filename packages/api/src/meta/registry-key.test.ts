import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Kinds } from "../kinds/index.ts";
import { namespacedName, parseRegistryKey, registryKey, registryPrefix } from "./registry-key.ts";

describe("registryKey", () => {
  test.each([
    [
      registryKey(Kinds.Service, { namespace: "default", name: "my-api" }),
      "services.default.my-api",
    ],
    [registryKey(Kinds.Node, { name: "node-1" }), "nodes._.node-1"],
    [registryKey(Kinds.Node, { name: "node-1.lab.example" }), "nodes._.node-1/lab/example"],
    [
      registryKey(Kinds.EndpointSlice, { namespace: "a", name: "my-api-x7" }),
      "endpointslices/discovery/k8s/io.a.my-api-x7",
    ],
    [registryKey(Kinds.Deployment, { namespace: "a", name: "b" }), "deployments/apps.a.b"],
    [
      registryKey(Kinds.IPAddress, { name: "fd00::1" }),
      "ipaddresses/networking/k8s/io._.fd00=3A=3A1",
    ],
    [registryPrefix(Kinds.Service), "services.>"],
    [registryPrefix(Kinds.Service, "default"), "services.default.>"],
  ])("%s", (key, expected) => expect(key).toBe(expected));

  const name = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }).filter(
    // A Kubernetes name holds no slash; a lone surrogate is no text.
    (text) => !text.includes("/") && text.isWellFormed(),
  );

  test("is made of what NATS keys may hold, and can be read back", () => {
    fc.assert(
      fc.property(
        name,
        fc.option(fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/)),
        (name, ns) => {
          const ref = { name, ...(ns !== null && { namespace: ns }) };
          const key = registryKey(Kinds.Service, ref);
          expect(key).toMatch(/^[-/_=.a-zA-Z0-9]+$/);
          expect(key.split(".")).toHaveLength(3);
          expect(parseRegistryKey(key)).toEqual({ resource: "services", ...ref });
        },
      ),
    );
  });

  test("no two names share a key", () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const keys = [a, b].map((name) => registryKey(Kinds.Pod, { namespace: "x", name }));
        expect(keys[0] === keys[1]).toBe(a === b);
      }),
    );
  });
});

test.each([
  "",
  "services",
  "services.default",
  "services.a.b.c",
  "services..x",
  "pods.a.b=zz",
  "pods.a.=FF",
])("%j is no key", (text) => expect(parseRegistryKey(text)).toBeUndefined());

test("namespacedName", () => {
  expect(namespacedName({ metadata: { namespace: "default", name: "my-api" } })).toBe(
    "default/my-api",
  );
  expect(namespacedName({ metadata: { name: "node-1" } })).toBe("node-1");
  expect(namespacedName({ metadata: { namespace: "", name: "node-1" } })).toBe("node-1");
});
