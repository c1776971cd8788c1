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

const PODS = "/api/v1/namespaces/default/pods";
const TYPES = {
  strategic: "application/strategic-merge-patch+json",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

const debug = { name: "debug", image: "busybox" };
const adding = (...containers: object[]): object => ({ spec: { ephemeralContainers: containers } });

async function createPod(name: string, fields: object = {}): Promise<Answer> {
  const metadata = { name, ...fields };
  const spec = { containers: [{ name: "app", image: "app:1" }] };
  return server.send(PODS, {
    method: "POST",
    body: { apiVersion: "v1", kind: "Pod", metadata, spec },
  });
}

interface Patch {
  readonly type?: keyof typeof TYPES;
  readonly query?: string;
}

function patch(name: string, body: unknown, options: Patch = {}): Promise<Answer> {
  const { type = "strategic", query = "" } = options;
  return server.send(`${PODS}/${name}/ephemeralcontainers${query}`, {
    method: "PATCH",
    body,
    headers: { "content-type": TYPES[type], "user-agent": "tester/1.0 (linux)" },
  });
}

function put(name: string, body: unknown): Promise<Answer> {
  return server.send(`${PODS}/${name}/ephemeralcontainers`, { method: "PUT", body });
}

function namesIn({ body }: Answer): string[] {
  const containers = (body.spec.ephemeralContainers ?? []) as { name: string }[];
  return containers.map(({ name }) => name);
}

/** Code, reason and message of a refusal. */
function refusal({ status, body }: Answer): unknown[] {
  return [status, body.reason, body.message];
}

describe("pods/NAME/ephemeralcontainers", () => {
  it("is found by discovery", async () => {
    const { body } = await server.send("/api/v1");
    const resources = body.resources as { name: string }[];
    expect(resources.find(({ name }) => name === "pods/ephemeralcontainers")).toEqual({
      name: "pods/ephemeralcontainers",
      singularName: "",
      namespaced: true,
      kind: "Pod",
      verbs: ["get", "patch", "update"],
    });
  });

  it("gives the pod, and adds containers by every kind of patch and by PUT", async () => {
    await createPod("many");
    const { body: pod } = await server.send(`${PODS}/many/ephemeralcontainers`);
    expect([pod.kind, pod.metadata.name]).toEqual(["Pod", "many"]);
    expect(namesIn(await patch("many", adding(debug)))).toEqual(["debug"]);
    const added = { ...debug, name: "by-json" };
    const path = "/spec/ephemeralContainers/-";
    const json = await patch("many", [{ op: "add", path, value: added }], { type: "json" });
    expect(namesIn(json)).toEqual(["debug", "by-json"]);
    const all = [...(json.body.spec.ephemeralContainers as object[]), { ...debug, name: "m" }];
    const merged = await patch("many", adding(...all), { type: "merge" });
    expect(namesIn(merged)).toEqual(["debug", "by-json", "m"]);
    const next = structuredClone(merged.body);
    next.spec.ephemeralContainers.push({ ...debug, name: "put" });
    expect(namesIn(await put("many", next))).toEqual(["debug", "by-json", "m", "put"]);
    expect(refusal(await put("many", next)).slice(0, 2)).toEqual([409, "Conflict"]);
    const applied = { apiVersion: "v1", kind: "Pod", metadata: { name: "many" } };
    const body = { ...applied, ...adding({ ...debug, name: "ssa" }) };
    const answer = await patch("many", body, { type: "apply", query: "?fieldManager=a" });
    expect(namesIn(answer)).toEqual(["debug", "by-json", "m", "put", "ssa"]);
    const stored = await server.send(`${PODS}/many`);
    expect(stored.body).toEqual(answer.body);
  });

  it("owns the field it sets, and changes nothing else", async () => {
    await createPod("owned");
    const body = {
      ...adding(debug),
      metadata: { labels: { a: "b" } },
      status: { phase: "Failed" },
    };
    const { status, body: pod } = await patch("owned", body);
    expect([status, pod.metadata.labels, pod.status.phase]).toEqual([200, undefined, "Pending"]);
    const entries = pod.metadata.managedFields as ManagedFieldsEntry[];
    const own = entries.find(({ subresource }) => subresource === "ephemeralcontainers");
    expect([own?.manager, own?.operation]).toEqual(["tester", "Update"]);
    expect(Object.keys(own?.fieldsV1 ?? {})).toEqual(["f:spec"]);
    expect(Object.keys(own?.fieldsV1?.["f:spec"] ?? {})).toEqual(["f:ephemeralContainers"]);
  });

  it("does as told by dryRun and fieldValidation", async () => {
    await createPod("dry");
    expect(namesIn(await patch("dry", adding(debug), { query: "?dryRun=All" }))).toEqual(["debug"]);
    expect(namesIn(await server.send(`${PODS}/dry`))).toEqual([]);
    const strict = { query: "?fieldValidation=Strict" };
    const unknown = await patch("dry", adding({ ...debug, tyt: true }), strict);
    expect([unknown.status, unknown.body.message]).toEqual([
      422,
      expect.stringContaining('unknown field "spec.ephemeralContainers[0].tyt"'),
    ]);
  });

  it("refuses what upstream refuses, in its words", async () => {
    await createPod("strict");
    await patch("strict", adding(debug));
    const invalid = (why: string): unknown[] => [422, "Invalid", `Pod "strict" is invalid: ${why}`];
    const at = "spec.ephemeralContainers";
    const [changed, removed, target, name] = await Promise.all([
      patch("strict", adding({ name: "debug", image: "other" })),
      patch("strict", { spec: { ephemeralContainers: null } }, { type: "merge" }),
      patch("strict", adding({ ...debug, name: "x", targetContainerName: "debug" })),
      patch("strict", adding({ ...debug, name: "app" })),
    ]);
    const existing = `${at}: Forbidden: existing ephemeral containers "debug" may not be`;
    expect(refusal(changed)).toEqual(invalid(`${existing} changed\nimage`));
    expect(refusal(removed)).toEqual(invalid(`${existing} removed\n`));
    const index = (target.body.details.causes as { field: string }[])[0]?.field ?? "";
    expect(index).toMatch(/^spec\.ephemeralContainers\[[01]\]\.targetContainerName$/);
    expect(refusal(target)).toEqual(invalid(`${index}: Not found: "debug"`));
    expect(refusal(name)[2]).toMatch(/\.name: Duplicate value: "app"$/);
    const ports = await patch(
      "strict",
      adding({ ...debug, name: "y", ports: [{ containerPort: 1 }] }),
    );
    expect(refusal(ports)[2]).toMatch(
      /\.ports: Forbidden: cannot be set for an Ephemeral Container$/,
    );
  });

  it("refuses a static pod's mirror and a pod that is not there, and takes no other verb", async () => {
    await createPod("mirror", { annotations: { "kubernetes.io/config.mirror": "x" } });
    expect(refusal(await patch("mirror", adding(debug)))).toEqual([
      422,
      "Invalid",
      'Pod "mirror" is invalid: : Forbidden: static pods do not support ephemeral containers',
    ]);
    expect(refusal(await patch("nobody", adding(debug)))).toEqual([
      404,
      "NotFound",
      'pods "nobody" not found',
    ]);
    const config = { apiVersion: "v1", kind: "Pod", metadata: { name: "nobody" } };
    const applied = await patch(
      "nobody",
      { ...config, ...adding(debug) },
      { type: "apply", query: "?fieldManager=a" },
    );
    expect(applied.status).toBe(404);
    const path = `${PODS}/mirror/ephemeralcontainers`;
    expect((await server.send(path, { method: "POST", body: {} })).status).toBe(405);
    expect((await server.send(path, { method: "DELETE" })).status).toBe(405);
  });

  it("is the only way: neither a create nor an update of a pod adds one", async () => {
    const spec = { containers: [{ name: "app", image: "app:1" }], ephemeralContainers: [debug] };
    const body = { apiVersion: "v1", kind: "Pod", metadata: { name: "new" }, spec };
    expect(refusal(await server.send(PODS, { method: "POST", body }))).toEqual([
      422,
      "Invalid",
      'Pod "new" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
    ]);
    await createPod("plain");
    const patched = await server.send(`${PODS}/plain`, {
      method: "PATCH",
      body: adding(debug),
      headers: { "content-type": TYPES.strategic },
    });
    expect(patched.body.message).toContain("spec: Forbidden: pod updates may not change fields");
    await patch("plain", adding(debug));
    const labelled = await server.send(`${PODS}/plain`, {
      method: "PATCH",
      body: { metadata: { labels: { a: "b" } } },
      headers: { "content-type": TYPES.strategic },
    });
    expect([labelled.status, namesIn(labelled)]).toEqual([200, ["debug"]]);
  });
});

/** Upstream leaves it out of the default roles: policies written before it would not see it. */
it("is not given by the role edit, and by a role that names it", async () => {
  await createPod("guarded");
  const as = (user: string): Record<string, string> => ({
    "impersonate-user": user,
    "content-type": TYPES.strategic,
  });
  const bind = async (name: string, role: object): Promise<void> => {
    const subjects = [{ kind: "User", name, apiGroup: "rbac.authorization.k8s.io" }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", ...role };
    const path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
    const body = { metadata: { name }, subjects, roleRef };
    expect((await server.send(path, { method: "POST", body })).status).toBe(201);
  };
  await server.send("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", {
    method: "POST",
    body: {
      metadata: { name: "debugger" },
      rules: [{ apiGroups: [""], resources: ["pods/ephemeralcontainers"], verbs: ["patch"] }],
    },
  });
  // What the role edit is put together from.
  await bind("ann", { kind: "ClusterRole", name: "system:aggregate-to-edit" });
  await bind("bob", { kind: "Role", name: "debugger" });
  const send = (user: string, subresource = "/ephemeralcontainers"): Promise<Answer> => {
    const body = subresource === "" ? { metadata: { labels: { a: "b" } } } : adding(debug);
    const path = `${PODS}/guarded${subresource}`;
    return server.send(path, { method: "PATCH", body, headers: as(user) });
  };
  expect((await send("ann", "")).status).toBe(200);
  expect(refusal(await send("ann"))).toEqual([
    403,
    "Forbidden",
    'pods "guarded" is forbidden: User "ann" cannot patch resource "pods/ephemeralcontainers" in ' +
      'API group "" in the namespace "default"',
  ]);
  expect((await send("bob")).status).toBe(200);
});
