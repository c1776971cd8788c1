import type { ManagedFieldsEntry } from "@kubehop/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const SERVICES = "/api/v1/namespaces/default/services";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";

interface ApplyOptions {
  readonly manager?: string;
  readonly query?: string;
}

function apply(path: string, body: unknown, options: ApplyOptions = {}): Promise<Answer> {
  const { manager = "applier", query = "" } = options;
  return server.send(`${path}?fieldManager=${manager}${query}`, {
    method: "PATCH",
    body,
    headers: { "content-type": "application/apply-patch+yaml" },
  });
}

function send(method: string, path: string, body: unknown, type = "application/json") {
  const headers = { "content-type": type, "user-agent": "tester/1.0 (linux)" };
  return server.send(path, { method, body, headers });
}

function configMap(name: string, data: Record<string, string>): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

/** manager operation subresource → the paths' JSON. */
function managers({ body }: Answer): unknown[] {
  const entries = body.metadata.managedFields as ManagedFieldsEntry[];
  return entries.map(({ manager, operation, subresource, fieldsV1 }) => [
    [manager, operation, subresource].filter((part) => part !== undefined).join(" "),
    fieldsV1,
  ]);
}

describe("apply", () => {
  it("creates what is missing, and changes nothing when applied again", async () => {
    const path = `${CONFIG_MAPS}/created`;
    const created = await apply(path, configMap("created", { a: "1" }));
    expect(created.status).toBe(201);
    expect(managers(created)).toEqual([["applier Apply", { "f:data": { "f:a": {} } }]]);
    const again = await apply(path, configMap("created", { a: "1" }));
    expect([again.status, again.body]).toEqual([200, created.body]);
  });

  it("changes its own fields, removes those it no longer applies, leaves others alone", async () => {
    const path = `${CONFIG_MAPS}/own`;
    await apply(path, configMap("own", { a: "1", b: "1" }));
    await send("PATCH", path, { data: { c: "1" } }, "application/merge-patch+json");
    const answer = await apply(path, configMap("own", { b: "2" }));
    expect(answer.body.data).toEqual({ b: "2", c: "1" });
    expect(managers(answer)).toEqual([
      ["applier Apply", { "f:data": { "f:b": {} } }],
      ["tester Update", { "f:data": { "f:c": {} } }],
    ]);
  });

  it("refuses to take what another manager owns, unless forced", async () => {
    const path = `${CONFIG_MAPS}/conflict`;
    await apply(path, configMap("conflict", { a: "1" }));
    const refused = await apply(path, configMap("conflict", { a: "2" }), { manager: "other" });
    expect([refused.status, refused.body]).toEqual([
      409,
      {
        kind: "Status",
        apiVersion: "v1",
        metadata: {},
        status: "Failure",
        message: 'Apply failed with 1 conflict: conflict with "applier": .data.a',
        reason: "Conflict",
        details: {
          causes: [
            {
              reason: "FieldManagerConflict",
              message: 'conflict with "applier"',
              field: ".data.a",
            },
          ],
        },
        code: 409,
      },
    ]);
    const forced = await apply(path, configMap("conflict", { a: "2" }), {
      manager: "other",
      query: "&force=true",
    });
    expect(managers(forced)).toEqual([["other Apply", { "f:data": { "f:a": {} } }]]);
  });

  it("of a Service does not own what the server allocates and defaults", async () => {
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "applied" },
      spec: { selector: { app: "a" }, ports: [{ name: "http", port: 80 }] },
    };
    const created = await apply(`${SERVICES}/applied`, service);
    expect(managers(created)).toEqual([
      [
        "applier Apply",
        {
          "f:spec": {
            "f:ports": {
              'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:name": {}, "f:port": {} },
            },
            "f:selector": {},
          },
        },
      ],
    ]);
    const clusterIP = created.body.spec.clusterIP as string;
    const both = { ...service, spec: { ...service.spec, ports: [{ port: 81 }] } };
    const changed = await apply(`${SERVICES}/applied`, both);
    expect([changed.status, changed.body.spec.clusterIP]).toEqual([200, clusterIP]);
    expect(changed.body.spec.ports).toEqual([{ port: 81, protocol: "TCP", targetPort: 81 }]);
  });

  it("is not stored by a dry run", async () => {
    const path = `${CONFIG_MAPS}/dry`;
    const answer = await apply(path, configMap("dry", { a: "1" }), { query: "&dryRun=All" });
    expect([answer.status, answer.body.data]).toEqual([201, { a: "1" }]);
    expect((await server.send(path)).status).toBe(404);
  });

  it("checks the version that it names", async () => {
    const path = `${CONFIG_MAPS}/versioned`;
    const { body } = await apply(path, configMap("versioned", { a: "1" }));
    const { resourceVersion } = body.metadata;
    const config = configMap("versioned", { a: "2" });
    const withVersion = { ...config, metadata: { name: "versioned", resourceVersion } };
    expect((await apply(path, withVersion)).status).toBe(200);
    expect((await apply(path, withVersion)).body.reason).toBe("Conflict");
  });

  it("refuses the configuration of another object, there or not", async () => {
    await apply(`${CONFIG_MAPS}/own`, configMap("own", {}));
    for (const name of ["own", "missing"]) {
      const { status, body } = await apply(
        `${CONFIG_MAPS}/${name}`,
        configMap("other", { a: "b" }),
      );
      const message = `the name of the object (other) does not match the name on the URL (${name})`;
      expect([status, body.message]).toEqual([400, message]);
    }
    const elsewhere = {
      ...configMap("own", {}),
      metadata: { name: "own", namespace: "elsewhere" },
    };
    const refused = await apply(`${CONFIG_MAPS}/own`, elsewhere);
    expect(refused.body.message).toBe(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  });

  it("by many at a time loses nothing", async () => {
    const path = `${CONFIG_MAPS}/race`;
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const answers = await Promise.all(
      names.map((manager) => apply(path, configMap("race", { [manager]: "1" }), { manager })),
    );
    const won = names.filter((_, index) => (answers[index]?.status ?? 500) < 300);
    const { body } = await server.send(path);
    expect(Object.keys(body.data).sort()).toEqual(won.toSorted());
    const owners = body.metadata.managedFields.map((one: { manager: string }) => one.manager);
    expect(owners.sort()).toEqual(won.toSorted());
  });

  it.each<[string, unknown, string, number, string]>([
    ["without a manager", configMap("bad", {}), "", 422, "fieldManager: Required value"],
    [
      "of another kind",
      { apiVersion: "v1", kind: "Secret" },
      "m",
      400,
      "invalid object type: /v1, Kind=Secret",
    ],
    ["that is a list", [], "m", 400, "error decoding YAML"],
    ["that is no YAML", "a: [", "m", 400, "not valid YAML"],
    [
      "with an unknown field",
      { ...configMap("bad", {}), dta: {} },
      "m",
      400,
      "failed to create typed patch object (default/bad; /v1, Kind=ConfigMap): .dta: field not declared in schema",
    ],
    [
      "with managedFields",
      { ...configMap("bad", {}), metadata: { name: "bad", managedFields: [] } },
      "m",
      400,
      "metadata.managedFields must be nil",
    ],
    ["of another name", configMap("other", {}), "m", 400, "does not match the name on the URL"],
    [
      "by a manager with a strange name",
      configMap("bad", {}),
      "a%07",
      422,
      "invalid character U+0007 (at position 1)",
    ],
    ["by a manager with a long name", configMap("bad", {}), "a".repeat(129), 422, "128"],
  ])("%s is refused", async (_what, body, manager, code, message) => {
    const answer = await apply(`${CONFIG_MAPS}/bad`, body, { manager });
    expect([answer.status, answer.body.message]).toEqual([code, expect.stringContaining(message)]);
    expect((await server.send(`${CONFIG_MAPS}/bad`)).status).toBe(404);
  });

  it("creates only for those who may create", async () => {
    const roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const metadata = { name: "patcher" };
    const resources = ["configmaps", "services"];
    const rules = [{ apiGroups: [""], resources, verbs: ["get", "patch", "update"] }];
    await send("POST", `${roles}/roles`, { apiVersion, kind: "Role", metadata, rules });
    await send("POST", `${roles}/rolebindings`, {
      apiVersion,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "patcher" },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "patcher" }],
    });
    await send("POST", CONFIG_MAPS, configMap("patched", {}));
    const headers = {
      "impersonate-user": "patcher",
      "content-type": "application/apply-patch+yaml",
    };
    const patchAs = (name: string): Promise<Answer> =>
      server.send(`${CONFIG_MAPS}/${name}?fieldManager=m`, {
        method: "PATCH",
        body: configMap(name, { a: "1" }),
        headers,
      });
    expect((await patchAs("patched")).status).toBe(200);
    const refused = await patchAs("not-there");
    expect([refused.status, refused.body.message]).toEqual([
      403,
      expect.stringContaining('User "patcher" cannot create resource "configmaps"'),
    ]);
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "not-there" } };
    const put = await server.send(`${SERVICES}/not-there`, {
      method: "PUT",
      body: { ...service, spec: { ports: [{ port: 80 }] } },
      headers: { "impersonate-user": "patcher" },
    });
    expect([put.status, put.body.reason]).toEqual([403, "Forbidden"]);
  });

  it("in a namespace that does not exist is refused", async () => {
    const path = "/api/v1/namespaces/nowhere/configmaps/a";
    const { status, body } = await apply(path, configMap("a", {}));
    expect([status, body.message]).toEqual([404, 'namespaces "nowhere" not found']);
  });

  it("tells of keys that come twice, or refuses them", async () => {
    const yaml =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: twice}\ndata:\n  a: x\n  a: y\n";
    const path = `${CONFIG_MAPS}/twice`;
    const strict = await apply(path, yaml, { query: "&fieldValidation=Strict" });
    expect([strict.status, strict.body.message]).toEqual([
      400,
      'error strict decoding YAML: yaml: unmarshal errors:\n  line 6: key "a" already set in map',
    ]);
    const warned = await apply(path, yaml);
    expect([warned.status, warned.body.data]).toEqual([201, { a: "y" }]);
    expect(warned.headers["warning"]).toContain('line 6: key \\"a\\" already set in map');
  });
});

describe("managedFields", () => {
  it("name whoever creates, replaces and patches, through which subresource", async () => {
    const labels = { app: "tracked" };
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "tracked" },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "main", image: "example/image:1" }] },
        },
      },
    };
    const path = `${DEPLOYMENTS}/tracked`;
    const created = await send("POST", `${DEPLOYMENTS}?fieldManager=creator`, deployment);
    expect(managers(created).map((entry) => (entry as [string])[0])).toEqual(["creator Update"]);
    const merge = "application/merge-patch+json";
    await send("PATCH", `${path}/scale`, { spec: { replicas: 3 } }, merge);
    await send("PATCH", `${path}/status`, { status: { replicas: 1 } }, merge);
    const read = await server.send(path);
    expect(managers(read).slice(1)).toEqual([
      ["tester Update scale", { "f:spec": { "f:replicas": {} } }],
      ["tester Update status", { "f:status": { "f:replicas": {} } }],
    ]);
    expect(JSON.stringify(managers(read)[0])).not.toContain("f:replicas");
    const conflict = await apply(path, { ...deployment, spec: { replicas: 2 } });
    expect(conflict.body.message).toBe(
      'Apply failed with 1 conflict: conflict with "tester" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });

  it("of the status are applied through the status alone", async () => {
    const path = "/api/v1/namespaces/default/services/status-applied";
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "status-applied" } };
    const spec = { type: "LoadBalancer", ports: [{ port: 80 }], selector: { a: "b" } };
    await send("POST", SERVICES, { ...service, spec });
    const status = { loadBalancer: { ingress: [{ ip: "10.0.0.1" }] } };
    const answer = await apply(`${path}/status`, { ...service, spec: {}, status });
    expect(answer.body.status.loadBalancer.ingress).toEqual([{ ip: "10.0.0.1", ipMode: "VIP" }]);
    expect(managers(answer)[0]).toEqual([
      "applier Apply status",
      { "f:status": { "f:loadBalancer": { "f:ingress": {} } } },
    ]);
    const missing = await apply(`${SERVICES}/nobody/status`, { ...service, metadata: {} });
    expect(missing.status).toBe(404);
  });

  it("are kept of /scale, whose configuration is a Scale", async () => {
    const name = "scaled-by-apply";
    const path = `${DEPLOYMENTS}/${name}`;
    const labels = { app: name };
    const spec = { containers: [{ name: "main", image: "example/image:1" }] };
    const template = { metadata: { labels }, spec };
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: { selector: { matchLabels: labels }, template },
    };
    await send("POST", DEPLOYMENTS, deployment);
    const scale = (replicas: number | string): object => {
      return {
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: { name },
        spec: { replicas },
      };
    };
    const scaled = await apply(`${path}/scale`, scale(4), { query: "&force=true" });
    expect([scaled.status, scaled.body.kind, scaled.body.spec]).toEqual([
      200,
      "Scale",
      { replicas: 4 },
    ]);
    const stored = await server.send(path);
    expect(stored.body.spec.replicas).toBe(4);
    const owned = { "f:spec": { "f:replicas": {} } };
    expect(managers(stored)).toContainEqual(["applier Apply scale", owned]);
    const conflict = await apply(`${path}/scale`, scale(5), { manager: "other" });
    expect([conflict.status, conflict.body.message]).toEqual([
      409,
      'Apply failed with 1 conflict: conflict with "applier" with subresource "scale": .spec.replicas',
    ]);
    const negative = await apply(`${path}/scale`, scale(-1));
    expect(negative.body.message).toContain(`Scale.autoscaling "${name}" is invalid`);
    expect((await apply(`${path}/scale`, scale("many"))).status).toBe(400);
    expect((await apply(`${path}/scale`, deployment)).status).toBe(400);
    expect((await apply(`${DEPLOYMENTS}/nobody/scale`, scale(1))).status).toBe(404);
  });

  it("can be reset, and rewritten by a JSON patch", async () => {
    const path = `${CONFIG_MAPS}/reset`;
    const { body } = await apply(path, configMap("reset", { a: "1" }));
    const [entry] = body.metadata.managedFields as object[];
    const rewritten = await send(
      "PATCH",
      path,
      [
        { op: "replace", path: "/metadata/managedFields", value: [{ ...entry, manager: "new" }] },
        { op: "replace", path: "/metadata/resourceVersion", value: body.metadata.resourceVersion },
      ],
      "application/json-patch+json",
    );
    expect(managers(rewritten)).toEqual([["new Apply", { "f:data": { "f:a": {} } }]]);
    const reset = await send(
      "PATCH",
      path,
      { metadata: { managedFields: [{}] } },
      "application/merge-patch+json",
    );
    expect([reset.status, reset.body.metadata.managedFields]).toEqual([200, undefined]);
  });

  it("name every level of data of any shape, however deep", async () => {
    const depth = 900;
    const nested = Array.from({ length: depth }).reduce<object>((below) => ({ a: below }), {});
    const revision = {
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      metadata: { name: "deep" },
    };
    const created = await send("POST", "/apis/apps/v1/namespaces/default/controllerrevisions", {
      ...revision,
      revision: 1,
      data: nested,
    });
    expect(created.status).toBe(201);
    const levels = JSON.stringify(created.body.metadata.managedFields).split('"f:a"').length - 1;
    expect(levels).toBe(depth);
  });

  it("get no new time from a write that changes nothing", async () => {
    const path = `${CONFIG_MAPS}/idle`;
    const created = await send("POST", CONFIG_MAPS, configMap("idle", { a: "1" }));
    const again = await send("PUT", path, configMap("idle", { a: "1" }));
    expect(again.body).toEqual(created.body);
  });
});
