import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const PODS = "/api/v1/namespaces/default/pods";
const BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
const MERGE = { "content-type": "application/merge-patch+json" };

async function runningPod(name: string, app: string): Promise<void> {
  const spec = { containers: [{ name: "main", image: "x" }] };
  const metadata = { name, labels: { app } };
  await server.send(PODS, {
    method: "POST",
    body: { apiVersion: "v1", kind: "Pod", metadata, spec },
  });
  const conditions = [{ type: "Ready", status: "True" }];
  await server.send(`${PODS}/${name}/status`, {
    method: "PATCH",
    headers: MERGE,
    body: { status: { phase: "Running", conditions } },
  });
}

/** A budget as the disruption controller would have counted it; uncounted without a number. */
async function budget(app: string, disruptionsAllowed?: number): Promise<void> {
  const spec = { minAvailable: 1, selector: { matchLabels: { app } } };
  const body = {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: app },
    spec,
  };
  await server.send(BUDGETS, { method: "POST", body });
  if (disruptionsAllowed === undefined) return;
  const counts = { currentHealthy: 1 + disruptionsAllowed, desiredHealthy: 1, expectedPods: 2 };
  await server.send(`${BUDGETS}/${app}/status`, {
    method: "PATCH",
    headers: MERGE,
    body: { status: { observedGeneration: 1, disruptionsAllowed, ...counts } },
  });
}

function evict(name: string, query = "", options?: object): Promise<Answer> {
  const body = {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name },
    ...(options !== undefined && { deleteOptions: options }),
  };
  return server.send(`${PODS}/${name}/eviction${query}`, { method: "POST", body });
}

it("a pod without a budget goes", async () => {
  await runningPod("free", "free");
  const answer = await evict("free");
  expect([answer.status, answer.body.status]).toEqual([201, "Success"]);
  expect((await server.send(`${PODS}/free`)).status).toBe(404);
});

it("a budget pays for each eviction until it allows no more", async () => {
  await runningPod("one", "guarded");
  await runningPod("two", "guarded");
  await budget("guarded", 1);
  expect((await evict("one", "?dryRun=All")).status).toBe(201);
  expect((await evict("one")).status).toBe(201);
  const { body } = await server.send(`${BUDGETS}/guarded`);
  expect(body.status.disruptionsAllowed).toBe(0);
  expect(Object.keys(body.status.disruptedPods)).toEqual(["one"]);
  const refused = await evict("two");
  expect([refused.status, refused.body.message, refused.body.details.causes]).toEqual([
    429,
    "Cannot evict pod as it would violate the pod's disruption budget.",
    [
      {
        reason: "DisruptionBudget",
        message: "The disruption budget guarded needs 1 healthy pods and has 2 currently",
      },
    ],
  ]);
  expect((await server.send(`${PODS}/two`)).status).toBe(200);
});

it("a budget that nobody has counted yet asks to wait", async () => {
  await runningPod("early", "uncounted");
  await budget("uncounted");
  const answer = await evict("early");
  expect([answer.status, answer.headers["retry-after"]]).toEqual([429, "10"]);
  expect(answer.body.details.causes[0].message).toBe(
    "The disruption budget uncounted is still being processed by the server.",
  );
});

it("preconditions hold, and names must agree", async () => {
  await runningPod("kept", "kept");
  const uid = "00000000-0000-0000-0000-000000000000";
  expect((await evict("kept", "", { preconditions: { uid } })).status).toBe(409);
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "other" } };
  const answer = await server.send(`${PODS}/kept/eviction`, { method: "POST", body });
  expect([answer.status, answer.body.message]).toEqual([
    400,
    "name in URL does not match name in Eviction object",
  ]);
  expect((await server.send(`${PODS}/kept/eviction`)).status).toBe(405);
});
