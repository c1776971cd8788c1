import { afterAll, beforeAll, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "../testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(() => server[Symbol.asyncDispose]());

const SERVICES = "/api/v1/namespaces/default/services";
const ENDPOINTS = "/api/v1/namespaces/default/endpoints";
const EXTERNAL =
  '299 - "spec.externalIPs is deprecated and may no longer be implemented in some clusters"';
const ENDPOINTS_WARNING =
  '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';

function service(name: string, fields: object = {}): object {
  const spec = { ports: [{ port: 80 }], externalIPs: ["192.0.2.1"], ...fields };
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec };
}

function warningsOf({ headers }: Answer): readonly string[] {
  return [headers["warning"] ?? []].flat();
}

it("what is accepted but not wise is told on create, replace and patch, and for dry runs", async () => {
  const answers = [
    await server.send(`${SERVICES}?dryRun=All`, { method: "POST", body: service("warned") }),
    await server.send(SERVICES, { method: "POST", body: service("warned") }),
    await server.send(`${SERVICES}/warned`, { method: "PUT", body: service("warned") }),
    await server.send(`${SERVICES}/warned`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: { metadata: { labels: { a: "b" } } },
    }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 200, 200]);
  for (const answer of answers) expect(warningsOf(answer)).toEqual([EXTERNAL]);
});

it("a PUT that creates warns, too", async () => {
  const body = { apiVersion: "v1", kind: "Endpoints", metadata: { name: "created" } };
  const answer = await server.send(`${ENDPOINTS}/created`, { method: "PUT", body });
  expect([answer.status, warningsOf(answer)]).toEqual([201, [ENDPOINTS_WARNING]]);
});

it("names of unknown fields may hold any character", async () => {
  const body = service("characters", { externalIPs: [], "フィールド\n\u007f": 1 });
  const answer = await server.send(SERVICES, { method: "POST", body });
  const [warning = ""] = warningsOf(answer);
  const text = Buffer.from(warning, "latin1").toString();
  expect([answer.status, text]).toEqual([
    201,
    expect.stringContaining('299 - "unknown field \\"spec.フィールド'),
  ]);
});

it("thousands of unknown fields don't make a header nobody can read", async () => {
  const unknown = Array.from({ length: 5_000 }, (_, index) => [`unknown${index}`, 1]);
  const body = service("thousands", Object.fromEntries(unknown));
  const answer = await server.send(SERVICES, { method: "POST", body });
  expect(answer.status).toBe(201);
  expect(warningsOf(answer).join("").length).toBeLessThan(4_200);
});
