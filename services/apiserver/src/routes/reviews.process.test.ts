import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server[Symbol.asyncDispose]());

const ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

function post(path: string, spec?: object, anonymous = false): Promise<Answer> {
  return server.send(path, { method: "POST", body: { spec }, anonymous });
}

describe("a review of oneself", () => {
  it("says who one is", async () => {
    const { status, body } = await post(SELF);
    expect([status, body.kind, body.apiVersion]).toEqual([
      201,
      "SelfSubjectReview",
      "authentication.k8s.io/v1",
    ]);
    expect(body.status.userInfo).toEqual({
      username: "kubernetes-admin",
      groups: ["system:masters", "system:authenticated"],
    });
  });

  it("says what one may do: everything", async () => {
    const resource = { resourceAttributes: { verb: "create", resource: "pods" } };
    const path = { nonResourceAttributes: { verb: "get", path: "/metrics" } };
    for (const spec of [resource, path]) {
      const { body } = await post(ACCESS, spec);
      expect(body).toMatchObject({ spec, status: { allowed: true } });
    }
    const { body } = await post(RULES, { namespace: "default" });
    expect(body.status.incomplete).toBe(false);
    const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
    expect(body.status.resourceRules).toContainEqual(all);
    expect(body.status.nonResourceRules).toContainEqual({ verbs: ["*"], nonResourceURLs: ["*"] });
  });

  it("needs a question", async () => {
    const both = { resourceAttributes: {}, nonResourceAttributes: {} };
    for (const spec of [{}, both, undefined]) {
      const { status, body } = await post(ACCESS, spec);
      expect([status, body.message]).toEqual([
        422,
        expect.stringContaining("exactly one of nonResourceAttributes or resourceAttributes"),
      ]);
    }
    const { status, body } = await post(RULES, {});
    expect([status, body.message]).toEqual([400, "no namespace on request"]);
  });

  it("in nonsense is refused", async () => {
    const nonsense = [{ resourceAttributes: "pods" }, { nonResourceAttributes: { verb: 1 } }];
    for (const spec of nonsense) expect((await post(ACCESS, spec)).status).toBe(400);
    expect((await post(RULES, { namespace: {} })).status).toBe(400);
  });

  it("is not for the anonymous", async () => {
    for (const path of [ACCESS, RULES, SELF]) {
      expect((await post(path, {}, true)).status).toBe(403);
    }
  });
});

describe("a review of somebody", () => {
  const SUBJECT = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const LOCAL = "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews";
  const getPods = { verb: "get", resource: "pods", namespace: "default" };

  it("says what he may do, and why", async () => {
    const getNodes = { verb: "get", resource: "nodes" };
    const user = "system:kube-proxy";
    const allowed = await post(SUBJECT, { resourceAttributes: getNodes, user });
    expect(allowed.body.status).toEqual({
      allowed: true,
      reason:
        'RBAC: allowed by ClusterRoleBinding "system:node-proxier" of ClusterRole ' +
        '"system:node-proxier" to User "system:kube-proxy"',
    });
    const denied = await post(LOCAL, { resourceAttributes: getPods, user: "ann" });
    expect(denied.body.status).toEqual({ allowed: false });
  });

  it("needs somebody, and the namespace of the request", async () => {
    const nobody = await post(SUBJECT, { resourceAttributes: getPods });
    expect([nobody.status, nobody.body.message]).toEqual([
      422,
      expect.stringContaining("at least one of user or group must be specified"),
    ]);
    const elsewhere = { resourceAttributes: { ...getPods, namespace: "x" }, user: "ann" };
    expect((await post(LOCAL, elsewhere)).status).toBe(422);
  });
});
