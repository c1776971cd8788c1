import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const PODS = "/api/v1/namespaces/default/pods";

function configMap(name: string, data: Record<string, string> = { a: "1" }): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

function deployment(name: string, replicas = 2): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "main", image: "example/image:1" }] },
      },
    },
  };
}

function pod(name: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "main", image: "example/image:1" }] },
  };
}

function post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
  return server.send(path, { method: "POST", body, ...(headers && { headers }) });
}

function patch(path: string, type: string, body: unknown): Promise<Answer> {
  const headers = { "content-type": type };
  return server.send(path, { method: "PATCH", body, headers });
}

const MERGE = "application/merge-patch+json";

describe("objects", () => {
  it("are created, read, replaced and deleted", async () => {
    const created = await post(CONFIG_MAPS, configMap("crud"));
    expect(created.status).toBe(201);
    expect(created.body.metadata).toMatchObject({ name: "crud", namespace: "default" });
    expect(created.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);

    const read = await server.send(`${CONFIG_MAPS}/crud`);
    expect(read.body).toEqual(created.body);

    const replaced = await server.send(`${CONFIG_MAPS}/crud`, {
      method: "PUT",
      body: { ...created.body, data: { a: "2" } },
    });
    expect(replaced.status).toBe(200);
    expect(replaced.body.data).toEqual({ a: "2" });

    const deleted = await server.send(`${CONFIG_MAPS}/crud`, { method: "DELETE" });
    expect(deleted.body).toMatchObject({ kind: "Status", status: "Success" });
    expect((await server.send(`${CONFIG_MAPS}/crud`)).body).toMatchObject({
      kind: "Status",
      reason: "NotFound",
      message: 'configmaps "crud" not found',
      code: 404,
    });
  });

  it("are not overwritten from an old version", async () => {
    const { body: first } = await post(CONFIG_MAPS, configMap("cas"));
    const put = (a: string): Promise<Answer> =>
      server.send(`${CONFIG_MAPS}/cas`, { method: "PUT", body: { ...first, data: { a } } });
    expect((await put("2")).status).toBe(200);
    const lost = await put("3");
    expect(lost.status).toBe(409);
    expect(lost.body).toMatchObject({
      reason: "Conflict",
      message:
        'Operation cannot be fulfilled on configmaps "cas": the object has been modified; ' +
        "please apply your changes to the latest version and try again",
    });
  });

  it("keep their version when nothing changes", async () => {
    const { body: first } = await post(CONFIG_MAPS, configMap("same"));
    const again = await server.send(`${CONFIG_MAPS}/same`, { method: "PUT", body: first });
    expect(again.body.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it("survive many writers at a time: no patch is lost", async () => {
    await post(CONFIG_MAPS, configMap("race", {}));
    const keys = Array.from({ length: 24 }, (_, index) => `key${index}`);
    const answers = await Promise.all(
      keys.map((key) => patch(`${CONFIG_MAPS}/race`, MERGE, { data: { [key]: "x" } })),
    );
    const won = keys.filter((_, index) => answers[index]?.status === 200);
    const { body } = await server.send(`${CONFIG_MAPS}/race`);
    expect(Object.keys(body.data).sort()).toEqual([...won].sort());
    const codes = new Set(answers.map(({ status }) => status));
    expect([...codes].every((code) => code === 200 || code === 409)).toBe(true);
  });

  it("get a name from generateName", async () => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "gen-" } };
    const created = await post(CONFIG_MAPS, body);
    expect(created.body.metadata.name).toMatch(/^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });

  it("are refused with upstream's texts", async () => {
    await post(CONFIG_MAPS, configMap("taken"));
    const taken = await post(CONFIG_MAPS, configMap("taken"));
    expect([taken.status, taken.body.message]).toEqual([409, 'configmaps "taken" already exists']);
    const nowhere = await post("/api/v1/namespaces/nowhere/configmaps", configMap("a"));
    expect([nowhere.status, nowhere.body.message]).toEqual([404, 'namespaces "nowhere" not found']);
    const unnamed = await post(CONFIG_MAPS, { apiVersion: "v1", kind: "ConfigMap", metadata: {} });
    expect([unnamed.status, unnamed.body.reason]).toEqual([422, "Invalid"]);
    const elsewhere = { ...configMap("x"), metadata: { name: "x", namespace: "other" } };
    expect((await post(CONFIG_MAPS, elsewhere)).body.message).toBe(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
    const list = await server.send("/api/v1/nothings");
    expect([list.status, list.body.message]).toEqual([
      404,
      "the server could not find the requested resource",
    ]);
    const method = await post(`${CONFIG_MAPS}/x`, configMap("x"));
    expect([method.status, method.body.reason]).toEqual([405, "MethodNotAllowed"]);
  });

  it("may come as YAML; nonsense is 400, strange media types are 415", async () => {
    const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: b}\n";
    const headers = { "content-type": "application/yaml" };
    expect((await post(CONFIG_MAPS, yaml, headers)).status).toBe(201);
    expect((await post(CONFIG_MAPS, "{", {})).body).toMatchObject({ reason: "BadRequest" });
    expect((await post(CONFIG_MAPS, "[".repeat(100_000), {})).status).toBe(400);
    const protobuf = { "content-type": "application/x-tar" };
    expect((await post(CONFIG_MAPS, "x", protobuf)).status).toBe(415);
    const large = configMap("large", { a: "x".repeat(3_200_000) });
    expect((await post(CONFIG_MAPS, large)).body.message).toBe(
      "Request entity too large: limit is 3145728",
    );
  });

  it("are not stored by a dry run", async () => {
    const dry = await post(`${CONFIG_MAPS}?dryRun=All`, configMap("dry"));
    expect(dry.status).toBe(201);
    expect(dry.body.metadata.uid).toBeDefined();
    expect(dry.body.metadata.resourceVersion).toBeUndefined();
    expect((await server.send(`${CONFIG_MAPS}/dry`)).status).toBe(404);
    expect((await post(`${CONFIG_MAPS}?dryRun=Some`, configMap("dry"))).status).toBe(422);
  });

  it("with unknown fields are refused, warned about or taken", async () => {
    const body = { ...configMap("fields"), dat: {} };
    const strict = await post(`${CONFIG_MAPS}?fieldValidation=Strict`, body);
    expect([strict.status, strict.body.message]).toEqual([
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ' +
        'unknown field "dat"',
    ]);
    const warned = await post(CONFIG_MAPS, body);
    expect(warned.headers["warning"]).toBe('299 - "unknown field \\"dat\\""');
    expect(warned.body.dat).toBeUndefined();
  });

  it("with a field that comes twice are refused or warned about", async () => {
    const text = JSON.stringify(configMap("twice")).replace('"a":"1"', '"a":"1","a":"2"');
    const strict = await post(`${CONFIG_MAPS}?fieldValidation=Strict`, text);
    expect(strict.body.message).toContain('strict decoding error: duplicate field "data.a"');
    const warned = await post(CONFIG_MAPS, text);
    expect(warned.headers["warning"]).toBe('299 - "duplicate field \\"data.a\\""');
    expect(warned.body.data).toEqual({ a: "2" });
  });

  it("are patched in three ways", async () => {
    await post(DEPLOYMENTS, deployment("patched"));
    const path = `${DEPLOYMENTS}/patched`;
    const json = [{ op: "replace", path: "/spec/replicas", value: 3 }];
    const first = await patch(path, "application/json-patch+json", json);
    expect([first.body.spec.replicas, first.body.metadata.generation]).toEqual([3, 2]);
    const second = await patch(path, "application/strategic-merge-patch+json", {
      spec: { template: { spec: { containers: [{ name: "main", image: "example/image:2" }] } } },
    });
    const [container] = second.body.spec.template.spec.containers;
    expect(container).toMatchObject({ name: "main", image: "example/image:2" });
    const third = await patch(path, MERGE, { metadata: { labels: { a: "b" } } });
    expect([third.body.metadata.labels, third.body.metadata.generation]).toEqual([{ a: "b" }, 3]);
  });

  const JSON_PATCH = "application/json-patch+json";
  const STRATEGIC = "application/strategic-merge-patch+json";

  it.each<[string, string, string, string]>([
    [
      "strategic merge patch",
      STRATEGIC,
      '{"dta":{"a":"2"}}',
      ' "" is invalid: patch: Invalid value: "map[dta:map[a:2]]": strict decoding error: unknown field "dta"',
    ],
    ["merge patch", MERGE, '{"dta":{"a":"2"}}', 'strict decoding error: unknown field "dta"'],
    [
      "merge patch with a key that comes twice",
      MERGE,
      '{"data":{"a":"2","a":"3"}}',
      'strict decoding error: duplicate field "data.a"',
    ],
    [
      "JSON patch with a key that comes twice",
      JSON_PATCH,
      '[{"op":"add","path":"/data/a","value":"2","value":"3"}]',
      'strict decoding error: json patch duplicate field "[0].value"',
    ],
    [
      "patch to a value of the wrong type",
      MERGE,
      '{"data":{"a":2}}',
      "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
    ],
  ])("a %s is refused when decoding is strict", async (what, type, text, message) => {
    const name = what.replaceAll(" ", "-").toLowerCase();
    await post(CONFIG_MAPS, configMap(name));
    const strict = await patch(`${CONFIG_MAPS}/${name}?fieldValidation=Strict`, type, text);
    expect([strict.status, strict.body.message]).toEqual([422, expect.stringContaining(message)]);
    expect((await server.send(`${CONFIG_MAPS}/${name}`)).body.data).toEqual({ a: "1" });
    if (!message.includes("strict")) return;
    const warned = await patch(`${CONFIG_MAPS}/${name}`, type, text);
    expect([warned.status, warned.headers["warning"]]).toEqual([
      200,
      expect.stringMatching(/^299 - "(unknown|duplicate|json patch duplicate) field/),
    ]);
  });

  it("in YAML with a key that comes twice are refused or warned about", async () => {
    const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y2}\ndata:\n  a: x\n  a: y\n";
    const headers = { "content-type": "application/yaml" };
    const strict = await post(`${CONFIG_MAPS}?fieldValidation=Strict`, yaml, headers);
    const problem = 'yaml: unmarshal errors:\n  line 6: key "a" already set in map';
    expect([strict.status, strict.body.message]).toEqual([
      400,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ' +
        problem,
    ]);
    const warned = await post(CONFIG_MAPS, yaml, headers);
    expect([warned.status, warned.body.data]).toEqual([201, { a: "y" }]);
    expect(warned.headers["warning"]).toContain("already set in map");
  });

  it("may have fields named as JavaScript's own", async () => {
    const path = `${CONFIG_MAPS}/own-names`;
    await post(CONFIG_MAPS, configMap("own-names"));
    const value = '{"__proto__":"a","constructor":"b"}';
    const operation = `[{"op":"replace","path":"/data","value":${value}}]`;
    const { status, text } = await patch(path, JSON_PATCH, operation);
    expect([status, text]).toEqual([200, expect.stringContaining(`"data":${value}`)]);
    expect((await patch(path, MERGE, '{"data":{"__proto__":"c"}}')).text).toContain(
      '"data":{"__proto__":"c","constructor":"b"}',
    );
  });
});

describe("subresources", () => {
  it("status changes nothing but the status, and the object not its status", async () => {
    await post(DEPLOYMENTS, deployment("split"));
    const path = `${DEPLOYMENTS}/split`;
    const both = { spec: { replicas: 9 }, status: { replicas: 5 } };
    const status = await patch(`${path}/status`, MERGE, both);
    expect([status.body.spec.replicas, status.body.status.replicas]).toEqual([2, 5]);
    const object = await patch(path, MERGE, { status: { replicas: 7 } });
    expect(object.body.status.replicas).toBe(5);
  });

  it("scale reads and sets replicas", async () => {
    await post(DEPLOYMENTS, deployment("scaled"));
    const path = `${DEPLOYMENTS}/scaled/scale`;
    expect((await server.send(path)).body).toMatchObject({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      spec: { replicas: 2 },
      status: { selector: "app=scaled" },
    });
    const set = await patch(path, MERGE, { spec: { replicas: 4 } });
    expect(set.body.spec.replicas).toBe(4);
    expect((await server.send(`${DEPLOYMENTS}/scaled`)).body.spec.replicas).toBe(4);
    const negative = await patch(path, MERGE, { spec: { replicas: -1 } });
    expect(negative.status).toBe(422);
  });

  it("binding assigns a pod once; a scheduled pod ends with grace", async () => {
    await post(PODS, pod("bound"));
    const binding = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "bound" },
      target: { kind: "Node", name: "node-1" },
    };
    expect((await post(`${PODS}/bound/binding`, binding)).status).toBe(201);
    const { body } = await server.send(`${PODS}/bound`);
    expect(body.spec.nodeName).toBe("node-1");
    expect(body.status.conditions[0]).toMatchObject({ type: "PodScheduled", status: "True" });
    expect((await post(`${PODS}/bound/binding`, binding)).status).toBe(409);

    const ending = await server.send(`${PODS}/bound`, { method: "DELETE" });
    expect(ending.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
    const options = { method: "DELETE", body: { gracePeriodSeconds: 0 } };
    expect((await server.send(`${PODS}/bound`, options)).status).toBe(200);
    expect((await server.send(`${PODS}/bound`)).status).toBe(404);
  });

  it("token gives a token that the server accepts until its account is gone", async () => {
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    await post(accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } });
    const answer = await post(`${accounts}/robot/token`, { spec: { expirationSeconds: 600 } });
    expect(answer.status).toBe(201);
    const headers = { authorization: `Bearer ${answer.body.status.token}` };
    const read = (): Promise<Answer> => server.send("/api/v1", { headers, anonymous: true });
    expect((await read()).status).toBe(200);
    const review = { spec: { token: answer.body.status.token } };
    const reviewed = await post("/apis/authentication.k8s.io/v1/tokenreviews", review);
    expect(reviewed.body.status).toMatchObject({
      authenticated: true,
      user: { username: "system:serviceaccount:default:robot" },
    });
    await server.send(`${accounts}/robot`, { method: "DELETE" });
    expect((await read()).body).toMatchObject({ code: 401, message: "Unauthorized" });
  });
});

describe("deletion", () => {
  it("waits for finalizers", async () => {
    const object = { ...configMap("held"), metadata: { name: "held", finalizers: ["a.io/b"] } };
    await post(CONFIG_MAPS, object);
    const path = `${CONFIG_MAPS}/held`;
    const marked = await server.send(path, { method: "DELETE" });
    expect(marked.body.metadata.deletionTimestamp).toBeDefined();
    const taken = await post(CONFIG_MAPS, configMap("held"));
    expect(taken.body.message).toBe('object is being deleted: configmaps "held" already exists');
    const more = await patch(path, MERGE, { metadata: { finalizers: ["a.io/b", "c.io/d"] } });
    expect(more.status).toBe(422);
    await patch(path, MERGE, { metadata: { finalizers: null } });
    expect((await server.send(path)).status).toBe(404);
  });

  it("honours preconditions and the propagation policy", async () => {
    await post(CONFIG_MAPS, configMap("conditional"));
    const path = `${CONFIG_MAPS}/conditional`;
    const wrong = { method: "DELETE", body: { preconditions: { uid: "other" } } };
    expect((await server.send(path, wrong)).status).toBe(409);
    const foreground = { method: "DELETE", body: { propagationPolicy: "Foreground" } };
    const marked = await server.send(path, foreground);
    expect(marked.body.metadata.finalizers).toEqual(["foregroundDeletion"]);
  });

  it("of a collection goes by selector", async () => {
    for (const name of ["c1", "c2", "c3"]) {
      const labels = { group: name === "c3" ? "keep" : "drop" };
      await post(CONFIG_MAPS, { ...configMap(name), metadata: { name, labels } });
    }
    const deleted = await server.send(`${CONFIG_MAPS}?labelSelector=group=drop`, {
      method: "DELETE",
    });
    expect(deleted.body.items).toHaveLength(2);
    expect((await server.send(`${CONFIG_MAPS}/c1`)).status).toBe(404);
    expect((await server.send(`${CONFIG_MAPS}/c3`)).status).toBe(200);
  });

  it("of a namespace ends with its finalizer and lets nothing new in", async () => {
    const namespaces = "/api/v1/namespaces";
    await post(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name: "ending" } });
    const marked = await server.send(`${namespaces}/ending`, { method: "DELETE" });
    expect(marked.body.status.phase).toBe("Terminating");
    const late = await post(`${namespaces}/ending/configmaps`, configMap("late"));
    expect([late.status, late.body.details.causes[0].reason]).toEqual([
      403,
      "NamespaceTerminating",
    ]);
    const body = { ...marked.body, spec: { finalizers: [] } };
    await server.send(`${namespaces}/ending/finalize`, { method: "PUT", body });
    expect((await server.send(`${namespaces}/ending`)).status).toBe(404);
    const immortal = await server.send(`${namespaces}/default`, { method: "DELETE" });
    expect([immortal.status, immortal.body.message]).toEqual([
      403,
      'namespaces "default" is forbidden: this namespace may not be deleted',
    ]);
  });
});

describe("identity", () => {
  it("anonymous may read health and version, nothing else", async () => {
    const codes = async (path: string): Promise<number> =>
      (await server.send(path, { anonymous: true })).status;
    for (const path of ["/version", "/healthz", "/livez", "/readyz"]) {
      expect([path, await codes(path)]).toEqual([path, 200]);
    }
    const denied = await server.send(CONFIG_MAPS, { anonymous: true });
    expect([denied.status, denied.body.message]).toEqual([
      403,
      'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" ' +
        'in API group "" in the namespace "default"',
    ]);
    for (const path of ["/metrics", "/api", "/apis", "/openapi/v3"]) {
      expect([path, await codes(path)]).toEqual([path, 403]);
    }
    const headers = { authorization: "Bearer nonsense" };
    expect((await server.send("/version", { anonymous: true, headers })).status).toBe(401);
  });
});

describe("operations", () => {
  it("OpenAPI v2 comes as JSON and as protobuf, each with an ETag of its own", async () => {
    const ask = (headers: Record<string, string>): ReturnType<typeof server.send> =>
      server.send("/openapi/v2", { headers });
    const json = await ask({ accept: "application/json" });
    expect(json.body["swagger"]).toBe("2.0");
    const mime = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    const protobuf = await ask({ accept: mime });
    expect([protobuf.status, protobuf.headers["content-type"]]).toEqual([
      200,
      mime.replace("@", "."),
    ]);
    const { etag } = protobuf.headers;
    expect(etag).not.toBe(json.headers["etag"]);
    expect((await ask({ accept: mime, "if-none-match": String(etag) })).status).toBe(304);
    expect((await ask({ accept: "text/html" })).body.code).toBe(406);
  });

  it("health, version and metrics answer", async () => {
    expect((await server.send("/readyz?verbose")).text).toContain("[+]nats ok");
    expect((await server.send("/version")).body.gitVersion).toBe("v1.32.0+kubehop");
    const { text } = await server.send("/metrics");
    expect(text).toContain("apiserver_request_total{");
    expect(text).toMatch(/apiserver_storage_objects\{resource="namespaces"\} \d/);
    expect((await server.send("/nowhere")).text).toBe("404 page not found\n");
  });

  it("keeps the objects that must exist", async () => {
    const endpoints = await server.send("/api/v1/namespaces/default/endpoints/kubernetes");
    expect(endpoints.body.subsets[0]).toMatchObject({ addresses: [{ ip: "172.31.0.1" }] });
    const service = await server.send("/api/v1/namespaces/default/services/kubernetes");
    expect(service.body.spec).toMatchObject({ clusterIP: "10.96.0.1", type: "ClusterIP" });
  });

  it("starts again over the same registry", async () => {
    await post(CONFIG_MAPS, configMap("kept"));
    await server.restart();
    await waitFor(async () => (await server.send("/readyz")).status === 200);
    expect((await server.send(`${CONFIG_MAPS}/kept`)).status).toBe(200);
  });
});
