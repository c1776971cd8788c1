import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "./testing/api-server.ts";

let first: TestApiServer;
let second: TestApiServer;

beforeAll(async () => {
  first = await startApiServer({ flags: { eventTtl: "3s" } });
  second = await startApiServer({ nats: first.nats, flags: { eventTtl: "3s" } });
});

afterAll(async () => {
  await second[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

const PATH = "/api/v1/namespaces/default/events";

async function names(): Promise<string[]> {
  const { body } = await first.send(PATH);
  return body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
}

it("Events go when their time is up, those that are repeated stay", async () => {
  using watch = await first.stream(`${PATH}?watch=1`);
  const involvedObject = { kind: "Pod", namespace: "default", name: "p" };
  for (const name of ["once", "repeated"]) {
    const body = { apiVersion: "v1", kind: "Event", metadata: { name }, involvedObject };
    expect((await first.send(PATH, { method: "POST", body })).status).toBe(201);
  }
  await waitFor(async () => {
    const body = { lastTimestamp: new Date().toISOString() };
    const headers = { "content-type": "application/merge-patch+json" };
    await second.send(`${PATH}/repeated`, { method: "PATCH", body, headers });
    return !(await names()).includes("once");
  });
  expect(await names()).toEqual(["repeated"]);
  await waitFor(async () => (await names()).length === 0);
  const deleted = () => watch.lines.filter(({ type }) => type === "DELETED");
  // The watch hears of a deletion after a list does.
  await waitFor(() => deleted().length === 2);
  expect(deleted().map(({ object }) => object.metadata.name)).toEqual(["once", "repeated"]);
});
