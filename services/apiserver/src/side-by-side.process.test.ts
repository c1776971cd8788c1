import { registryKey } from "@kubehop/api";
import { openRegistry } from "@kubehop/client";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, startApiServer, type TestApiServer } from "./testing/api-server.ts";
import { openSlowLink, type SlowLink } from "./testing/slow-link.ts";

let first: TestApiServer;
let link: SlowLink;
/** Its cache lags. */
let second: TestApiServer;

beforeAll(async () => {
  first = await startApiServer();
  link = await openSlowLink(first.nats.url, LAG_MS);
  const flags = { busUrl: link.url, advertiseAddress: "127.0.0.1" };
  second = await startApiServer({ nats: first.nats, flags });
});

afterAll(async () => {
  await second[Symbol.asyncDispose]();
  await link[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

const LAG_MS = 30;
const ROUNDS = 5;
const PATH = "/api/v1/namespaces/default/configmaps";
const MERGE = { "content-type": "application/merge-patch+json" };

function create(server: TestApiServer, name: string, path = PATH): Promise<Answer> {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
  return server.send(path, { method: "POST", body });
}

/** The codes that came in some rounds. */
async function codesOf(round: (name: string) => Promise<Answer>): Promise<number[]> {
  const codes = new Set<number>();
  for (let index = 0; index < ROUNDS; index += 1) {
    codes.add((await round(`round-${index}`)).status);
  }
  return [...codes];
}

describe("what one API server has written, the other", () => {
  it("finds at once", async () => {
    const codes = await codesOf(async (name) => {
      await create(first, `get-${name}`);
      return second.send(`${PATH}/get-${name}`);
    });
    expect(codes).toEqual([200]);
  });

  it("shows as changed at once, alone, in lists and in watches that begin with all", async () => {
    await create(first, "shown");
    const watch = `${PATH}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dshown`;
    for (let round = 0; round < ROUNDS; round += 1) {
      const data = { round: String(round) };
      const options = { method: "PATCH", body: { data }, headers: MERGE };
      const written = await first.send(`${PATH}/shown`, options);
      const path = [`${PATH}/shown`, `${PATH}?fieldSelector=metadata.name%3Dshown`, watch][
        round % 3
      ];
      const { text } = await second.send(path ?? watch);
      expect(text).toContain(`"resourceVersion":"${written.body.metadata.resourceVersion}"`);
      expect(text).toContain(`"round":"${round}"`);
    }
  });

  it("changes back at once: a change that is none by what it knows is one by what is", async () => {
    const codes = await codesOf(async (name) => {
      await create(first, `back-${name}`);
      const path = `${PATH}/back-${name}`;
      await second.send(path, { method: "PATCH", body: { data: { a: "1" } }, headers: MERGE });
      await first.send(path, { method: "PATCH", body: { data: { a: "2" } }, headers: MERGE });
      await second.send(path, { method: "PATCH", body: { data: { a: "1" } }, headers: MERGE });
      const answer = await first.send(path);
      expect(answer.body.data).toEqual({ a: "1" });
      return answer;
    });
    expect(codes).toEqual([200]);
  });

  it("is what a JSON patch is tested against", async () => {
    const headers = { "content-type": "application/json-patch+json" };
    const codes = await codesOf(async (name) => {
      await create(first, `tested-${name}`);
      const path = `${PATH}/tested-${name}`;
      await second.send(path);
      await first.send(path, { method: "PATCH", body: { data: { a: "1" } }, headers: MERGE });
      const body = [{ op: "test", path: "/data/a", value: "1" }];
      return second.send(path, { method: "PATCH", body, headers });
    });
    expect(codes).toEqual([200]);
  });

  it("replaces at once, in the version it was given", async () => {
    let { body } = await create(first, "replaced");
    const codes = await codesOf(async (data) => {
      const written = await first.send(`${PATH}/replaced`, {
        method: "PUT",
        body: { ...body, metadata: { name: "replaced" }, data: { data } },
      });
      const next = { ...written.body, data: { data: `${data}-second` } };
      const answer = await second.send(`${PATH}/replaced`, { method: "PUT", body: next });
      ({ body } = answer);
      return answer;
    });
    expect(codes).toEqual([200]);
  });

  it("patches at once", async () => {
    const codes = await codesOf(async (name) => {
      await create(first, `patch-${name}`);
      const body = { data: { a: "1" } };
      return second.send(`${PATH}/patch-${name}`, { method: "PATCH", body, headers: MERGE });
    });
    expect(codes).toEqual([200]);
  });

  it("deletes at once, and the first creates anew at once", async () => {
    const codes = await codesOf(async () => {
      const { body } = await create(first, "again");
      const { uid, resourceVersion } = body.metadata;
      const preconditions = { uid, resourceVersion };
      const options = { method: "DELETE", body: { preconditions } };
      return second.send(`${PATH}/again`, options);
    });
    expect(codes).toEqual([200]);
  });

  it("creates anew at once when the first has deleted it", async () => {
    await create(second, "anew");
    const codes = await codesOf(async () => {
      await first.send(`${PATH}/anew`, { method: "DELETE" });
      return create(second, "anew");
    });
    expect(codes).toEqual([201]);
  });

  it("fills, if it is a namespace", async () => {
    const codes = await codesOf(async (name) => {
      const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      await first.send("/api/v1/namespaces", { method: "POST", body });
      return create(second, "inside", `/api/v1/namespaces/${name}/configmaps`);
    });
    expect(codes).toEqual([201]);
  });

  it("issues tokens for and takes them, if it is a ServiceAccount", async () => {
    const path = "/api/v1/namespaces/default/serviceaccounts";
    const codes = await codesOf(async (name) => {
      const body = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name } };
      await first.send(path, { method: "POST", body });
      return second.send(`${path}/${name}/token`, { method: "POST", body: {} });
    });
    expect(codes).toEqual([201]);
  });
});

it("a version that never was is a conflict, not a wait", async () => {
  const { body } = await create(first, "future");
  const metadata = { ...body.metadata, resourceVersion: "999999999" };
  const options = { method: "PUT", body: { ...body, metadata } };
  expect((await second.send(`${PATH}/future`, options)).status).toBe(409);
});

describe("default/kubernetes", () => {
  const slice = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";
  const endpoints = "/api/v1/namespaces/default/endpoints/kubernetes";

  async function addresses(): Promise<[string[], string[]]> {
    const { body } = await first.send(slice);
    const [subset] = (await first.send(endpoints)).body.subsets;
    return [
      body.endpoints.flatMap((endpoint: { addresses: string[] }) => endpoint.addresses),
      subset.addresses.map(({ ip }: { ip: string }) => ip),
    ];
  }

  /** Each server writes both objects, each second: what one saw a moment ago comes to be right. */
  async function publishes(wanted: readonly string[]): Promise<void> {
    let seen: string[][] = [];
    await waitFor(
      async () => {
        seen = await addresses();
        return seen.every((ips) => ips.join() === wanted.join());
      },
      { timeoutMs: 60_000, describe: () => `${wanted.join()} twice; saw ${JSON.stringify(seen)}` },
    );
  }

  it("has every API server as endpoint while it runs", async () => {
    const flags = { advertiseAddress: "172.31.0.2", securePort: first.port };
    const other = await startApiServer({
      nats: first.nats,
      flags: { ...flags, bindAddress: "127.0.0.2" },
    });
    const both = ["172.31.0.1", "172.31.0.2"];
    await publishes(both);
    await other[Symbol.asyncDispose]();
    await publishes(["172.31.0.1"]);
  });

  it("loses one that died when its lease ends", async () => {
    await using bus = await first.nats.connect("apiserver");
    await using registry = await openRegistry(bus);
    const lease = JSON.stringify({
      apiVersion: "kubehop.dev/v1alpha1",
      kind: "MasterLease",
      metadata: { name: "172.31.0.9" },
      spec: { port: first.port },
    });
    const key = registryKey(
      { group: "kubehop.dev", plural: "masterleases" },
      { name: "172.31.0.9" },
    );
    await registry.create(key, Buffer.from(lease));
    await publishes(["172.31.0.1", "172.31.0.9"]);
    await publishes(["172.31.0.1"]);
  });
});
