import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";

const cronTabSchema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["cronSpec"],
      properties: {
        cronSpec: { type: "string", pattern: "^\\S+$" },
        image: { type: "string" },
        replicas: { type: "integer", minimum: 1, maximum: 10, default: 1 },
        port: { "x-kubernetes-int-or-string": true },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        mode: { type: "string", enum: ["Fast", "Slow"] },
        steps: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, run: { type: "string" } },
          },
        },
      },
      "x-kubernetes-validations": [
        { rule: "!has(self.image) || self.image.startsWith('my-')", message: "image must be mine" },
        { rule: "self.cronSpec == oldSelf.cronSpec", message: "cronSpec is immutable" },
      ],
    },
    status: {
      type: "object",
      properties: { replicas: { type: "integer" }, selector: { type: "string" } },
    },
  },
};

function definition(plural: string, change: object = {}): object {
  const kind = `${plural.slice(0, 1).toUpperCase()}${plural.slice(1, -1)}`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.stable.example.com` },
    spec: {
      group: "stable.example.com",
      names: { plural, kind, shortNames: [plural.slice(0, 3)], categories: ["all"] },
      scope: "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: cronTabSchema },
          subresources: {
            status: {},
            scale: {
              specReplicasPath: ".spec.replicas",
              statusReplicasPath: ".status.replicas",
              labelSelectorPath: ".status.selector",
            },
          },
          selectableFields: [{ jsonPath: ".spec.mode" }],
          additionalPrinterColumns: [
            { name: "Spec", type: "string", jsonPath: ".spec.cronSpec" },
            { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
          ],
        },
        {
          name: "v1beta1",
          served: true,
          storage: false,
          deprecated: true,
          schema: { openAPIV3Schema: cronTabSchema },
        },
      ],
      ...change,
    },
  };
}

function pathOf(plural: string, version = "v1"): string {
  return `/apis/stable.example.com/${version}/namespaces/default/${plural}`;
}

function objectOf(plural: string, name: string, spec: object = {}): object {
  const kind = `${plural.slice(0, 1).toUpperCase()}${plural.slice(1, -1)}`;
  return {
    apiVersion: "stable.example.com/v1",
    kind,
    metadata: { name },
    spec: { cronSpec: "*", ...spec },
  };
}

async function define(plural: string, change: object = {}): Promise<void> {
  const body = definition(plural, change);
  const created = await server.send(DEFINITIONS, { method: "POST", body });
  expect(created.status).toBe(201);
  await established(server, plural);
}

async function established(where: TestApiServer, plural: string): Promise<void> {
  await waitFor(async () => (await where.send(pathOf(plural))).status === 200);
}

function post(plural: string, body: object, query = ""): Promise<Answer> {
  return server.send(`${pathOf(plural)}${query}`, { method: "POST", body });
}

describe("a CustomResourceDefinition", () => {
  it("is established, and its kind served and discovered in all its versions", async () => {
    await define("crontabs");
    const { body } = await server.send(`${DEFINITIONS}/crontabs.stable.example.com`);
    const conditions = body.status.conditions.map(
      ({ type, status }: { type: string; status: string }) => `${type}=${status}`,
    );
    expect(conditions).toEqual(["NamesAccepted=True", "Established=True"]);
    expect(body.status.acceptedNames).toMatchObject({
      singular: "crontab",
      listKind: "CrontabList",
    });
    expect(body.status.storedVersions).toEqual(["v1"]);
    const group = await server.send("/apis/stable.example.com");
    expect(group.body.preferredVersion.version).toBe("v1");
    expect(group.body.versions).toHaveLength(2);
    const resources = await server.send("/apis/stable.example.com/v1");
    expect(resources.body.resources.map(({ name }: { name: string }) => name)).toEqual([
      "crontabs",
      "crontabs/scale",
      "crontabs/status",
    ]);
    const openapi = await server.send("/openapi/v3/apis/stable.example.com/v1");
    expect(openapi.text).toContain('"cronSpec"');
  });

  it("that is none is refused with upstream's causes, and harms nobody", async () => {
    const schema = {
      type: "object",
      properties: { spec: { type: "object", properties: { a: {}, b: { type: "array" } } } },
    };
    const versions = [
      { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } },
      { name: "v2", served: true, storage: true },
    ];
    const body = { ...definition("bads", { versions }), metadata: { name: "bad.example.com" } };
    const answer = await server.send(DEFINITIONS, { method: "POST", body });
    expect(answer.status).toBe(422);
    const at = "spec.versions[0].schema.openAPIV3Schema.properties[spec]";
    expect(answer.body.details.causes).toEqual([
      {
        reason: "FieldValueInvalid",
        message: 'Invalid value: "bad.example.com": must be spec.names.plural+"."+spec.group',
        field: "metadata.name",
      },
      {
        reason: "FieldValueRequired",
        message: "Required value: must not be empty for specified object fields",
        field: `${at}.properties[a].type`,
      },
      {
        reason: "FieldValueRequired",
        message: "Required value: must be specified",
        field: `${at}.properties[b].items`,
      },
      {
        reason: "FieldValueRequired",
        message: "Required value: schemas are required",
        field: "spec.versions[1].schema.openAPIV3Schema",
      },
      {
        reason: "FieldValueInvalid",
        message:
          'Invalid value: []string{"v1", "v2"}: must have exactly one version marked as storage version',
        field: "spec.versions",
      },
    ]);
  });

  it("whose names are taken waits until they are free", async () => {
    await define("firsts", { names: { plural: "firsts", kind: "First", shortNames: ["fst"] } });
    const names = { plural: "seconds", kind: "First", shortNames: ["fst"] };
    const created = await server.send(DEFINITIONS, {
      method: "POST",
      body: definition("seconds", { names }),
    });
    expect(created.status).toBe(201);
    const path = `${DEFINITIONS}/seconds.stable.example.com`;
    const conditions = await waitFor(async () => (await server.send(path)).body.status.conditions);
    expect(conditions).toMatchObject([
      { type: "NamesAccepted", status: "False", reason: "ListKindConflict" },
      { type: "Established", status: "False", reason: "NotAccepted" },
    ]);
    expect((await server.send(pathOf("seconds"))).status).toBe(404);
    await server.send(`${DEFINITIONS}/firsts.stable.example.com`, { method: "DELETE" });
    await established(server, "seconds");
  });
});

describe("objects of a custom kind", () => {
  beforeAll(() => define("widgets"));

  it("are pruned, defaulted and counted", async () => {
    const spec = { unknown: 1, replicas: null, free: { any: [1] }, port: "http" };
    const created = await post("widgets", objectOf("widgets", "a", spec));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ metadata: { generation: 1 } });
    expect(created.body.spec).toEqual({
      cronSpec: "*",
      free: { any: [1] },
      port: "http",
      replicas: 1,
    });
    expect(created.headers["warning"]).toContain('unknown field \\"spec.unknown\\"');
    const strict = await post("widgets", objectOf("widgets", "b", spec), "?fieldValidation=Strict");
    expect([strict.status, strict.body.message]).toEqual([
      400,
      'Widget in version "v1" cannot be handled as a Widget: ' +
        'strict decoding error: unknown field "spec.unknown"',
    ]);
  });

  it.each([
    [{ cronSpec: undefined }, "spec.cronSpec", "Required value"],
    [
      { cronSpec: "a b" },
      "spec.cronSpec",
      `Invalid value: "a b": spec.cronSpec in body should match '^\\S+$'`,
    ],
    [
      { replicas: "two" },
      "spec.replicas",
      'Invalid value: "string": spec.replicas in body must be of type integer: "string"',
    ],
    [
      { replicas: 11 },
      "spec.replicas",
      "Invalid value: 11: spec.replicas in body should be less than or equal to 10",
    ],
    [
      { mode: "Medium" },
      "spec.mode",
      'Unsupported value: "Medium": supported values: "Fast", "Slow"',
    ],
    [{ steps: [{ name: "x" }, { name: "x" }] }, "spec.steps[1]", 'Duplicate value: {"name":"x"}'],
    [{ image: "yours" }, "spec", 'Invalid value: "object": image must be mine'],
  ])("with %j are refused", async (spec, field, message) => {
    const answer = await post("widgets", objectOf("widgets", "bad", spec));
    expect(answer.status).toBe(422);
    expect(answer.body.details.causes[0]).toMatchObject({ field, message });
  });

  it("have a status and a scale of their own", async () => {
    await post("widgets", objectOf("widgets", "scaled", { replicas: 2 }));
    const path = `${pathOf("widgets")}/scaled`;
    const headers = { "content-type": "application/merge-patch+json" };
    const patch = (sub: string, body: object): Promise<Answer> =>
      server.send(`${path}${sub}`, { method: "PATCH", headers, body });
    await patch("/status", { status: { replicas: 2, selector: "a=b" }, spec: { replicas: 9 } });
    const scaled = await patch("/scale", { spec: { replicas: 4 } });
    expect(scaled.body).toMatchObject({
      kind: "Scale",
      spec: { replicas: 4 },
      status: { replicas: 2, selector: "a=b" },
    });
    const { body } = await server.send(path);
    expect([body.spec.replicas, body.status.replicas, body.metadata.generation]).toEqual([4, 2, 2]);
    const refused = await patch("", { spec: { cronSpec: "other" } });
    expect(refused.body.details.causes).toMatchObject([{ field: "spec" }]);
  });

  it("are the same in every version, and deprecated ones warn", async () => {
    await post("widgets", objectOf("widgets", "versioned"));
    const answer = await server.send(`${pathOf("widgets", "v1beta1")}/versioned`);
    expect(answer.body.apiVersion).toBe("stable.example.com/v1beta1");
    expect(answer.headers["warning"]).toContain("stable.example.com/v1beta1 Widget is deprecated");
    const headers = { "content-type": "application/merge-patch+json" };
    const patched = await server.send(`${pathOf("widgets", "v1beta1")}/versioned`, {
      method: "PATCH",
      headers,
      body: { spec: { replicas: 3 } },
    });
    expect([patched.status, patched.body.apiVersion]).toEqual([200, "stable.example.com/v1beta1"]);
    expect((await server.send(`${pathOf("widgets")}/versioned`)).body).toMatchObject({
      apiVersion: "stable.example.com/v1",
      spec: { replicas: 3 },
    });
  });

  it("are listed as tables with their own columns, and selected by their own fields", async () => {
    await post("widgets", objectOf("widgets", "fast", { mode: "Fast" }));
    const query = "?fieldSelector=spec.mode%3DFast";
    const { body } = await server.send(`${pathOf("widgets")}${query}`, {
      headers: { accept: TABLE },
    });
    expect(body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Spec",
      "Replicas",
      "Age",
    ]);
    expect(body.rows.map(({ cells }: { cells: unknown[] }) => cells.slice(0, 3))).toEqual([
      ["fast", "*", 1],
    ]);
    const refused = await server.send(`${pathOf("widgets")}?fieldSelector=spec.image%3Dx`);
    expect([refused.status, refused.body.message]).toEqual([
      400,
      "field label not supported: spec.image",
    ]);
  });

  it("are watched like any other", async () => {
    using watch = await server.stream(`${pathOf("widgets")}?watch=true`);
    await post("widgets", objectOf("widgets", "watched"));
    const seen = await waitFor(() =>
      watch.lines.find(({ object }) => object.metadata.name === "watched"),
    );
    expect(seen).toMatchObject({ type: "ADDED", object: { kind: "Widget" } });
  });

  it("are patched by merge patch, JSON patch and apply, but not strategically", async () => {
    await post("widgets", objectOf("widgets", "patched"));
    const answer = await server.send(`${pathOf("widgets")}/patched`, {
      method: "PATCH",
      headers: { "content-type": "application/strategic-merge-patch+json" },
      body: {},
    });
    expect(answer.status).toBe(415);
    const applied = await server.send(`${pathOf("widgets")}/applied?fieldManager=me`, {
      method: "PATCH",
      headers: { "content-type": "application/apply-patch+yaml" },
      body: objectOf("widgets", "applied", { steps: [{ name: "x", run: "y" }] }),
    });
    expect(applied.status).toBe(201);
    const [entry] = applied.body.metadata.managedFields;
    expect(JSON.stringify(entry)).toContain('k:{\\"name\\":\\"x\\"}');
  });
});

describe("several API servers", () => {
  it("serve a kind that another one was told of, and forget it with its objects", async () => {
    await using other = await startApiServer({ nats: server.nats });
    await define("shareds");
    await established(other, "shareds");
    const body = {
      ...objectOf("shareds", "kept"),
      metadata: { name: "kept", finalizers: ["example.com/wait"] },
    };
    const created = await other.send(pathOf("shareds"), { method: "POST", body });
    expect(created.status).toBe(201);

    const path = `${DEFINITIONS}/shareds.stable.example.com`;
    const deleted = await server.send(path, { method: "DELETE" });
    expect(deleted.body.metadata.finalizers).toEqual([
      "customresourcecleanup.apiextensions.k8s.io",
    ]);
    const kept = `${pathOf("shareds")}/kept`;
    await waitFor(async () => (await server.send(kept)).body.metadata.deletionTimestamp);
    const refused = await post("shareds", objectOf("shareds", "late"));
    expect([refused.status, refused.body.message]).toEqual([
      405,
      "create not allowed while custom resource definition is terminating",
    ]);
    await server.send(kept, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: { metadata: { finalizers: null } },
    });
    await waitFor(async () => (await server.send(path)).status === 404);
    await waitFor(async () => (await other.send(pathOf("shareds"))).status === 404);
  });
});
