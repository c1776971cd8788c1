import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LineStream, startApiServer, type TestApiServer } from "./testing/api-server.ts";

let server: TestApiServer;

beforeAll(async () => {
  server = await startApiServer();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

interface Item {
  readonly metadata: { readonly name: string };
  readonly data: { readonly a: string };
}

const PATH = "/api/v1/namespaces/default/configmaps";

async function put(name: string, labels: Record<string, string> = {}, a = "1"): Promise<number> {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { a } };
  const created = await server.send(PATH, { method: "POST", body });
  if (created.status === 201) return Number(created.body.metadata.resourceVersion);
  const replaced = await server.send(`${PATH}/${name}`, { method: "PUT", body });
  expect(replaced.status).toBe(200);
  return Number(replaced.body.metadata.resourceVersion);
}

async function remove(name: string): Promise<void> {
  await server.send(`${PATH}/${name}`, { method: "DELETE" });
}

async function currentVersion(): Promise<string> {
  return (await server.send(PATH)).body.metadata.resourceVersion as string;
}

function brief({ lines }: LineStream): string[] {
  return lines.map(({ type, object }) => `${type} ${object.metadata.name ?? ""}`);
}

async function saw(stream: LineStream, count: number): Promise<string[]> {
  await waitFor(() => stream.lines.length >= count, {
    describe: () => `${count} lines, saw ${JSON.stringify(brief(stream))}`,
  });
  return brief(stream);
}

describe("a watch", () => {
  it("from a version gives what came after, in rising versions", async () => {
    const from = await currentVersion();
    await put("from");
    using watch = await server.stream(`${PATH}?watch=1&resourceVersion=${from}`);
    await put("from", {}, "2");
    await remove("from");
    expect(await saw(watch, 3)).toEqual(["ADDED from", "MODIFIED from", "DELETED from"]);
    const versions = watch.lines.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
    expect(watch.lines[0].object).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
  });

  it("sends its head before the first event", async () => {
    const from = await currentVersion();
    using watch = await server.stream(`${PATH}?watch=1&resourceVersion=${from}`);
    expect(watch.status).toBe(200);
    expect(watch.lines).toEqual([]);
  });

  it("without a version begins with what is there", async () => {
    await put("state");
    const query = "watch=true&fieldSelector=metadata.name=state&allowWatchBookmarks=true";
    using watch = await server.stream(`${PATH}?${query}`);
    expect(await saw(watch, 2)).toEqual(["ADDED state", "BOOKMARK "]);
    expect(watch.lines[1].object.metadata.annotations).toEqual({
      "k8s.io/initial-events-end": "true",
    });
  });

  it("with sendInitialEvents ends the state with a bookmark, and is picky about options", async () => {
    const query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true";
    const refused = await server.send(`${PATH}?${query}`);
    expect([refused.status, refused.body.reason]).toEqual([422, "Invalid"]);
    using watch = await server.stream(`${PATH}?${query}&resourceVersionMatch=NotOlderThan`);
    await waitFor(() => watch.lines.at(-1)?.type === "BOOKMARK");
  });

  it("shows objects that begin or cease to match a selector as added and deleted", async () => {
    const from = await currentVersion();
    const query = `watch=1&resourceVersion=${from}&labelSelector=${encodeURIComponent("in=yes")}`;
    using watch = await server.stream(`${PATH}?${query}`);
    await put("moving", { in: "no" });
    await put("moving", { in: "yes" });
    await put("moving", { in: "yes" }, "2");
    const left = await put("moving", { in: "no" });
    await put("last", { in: "yes" });
    expect(await saw(watch, 4)).toEqual([
      "ADDED moving",
      "MODIFIED moving",
      "DELETED moving",
      "ADDED last",
    ]);
    const { metadata, data } = watch.lines[2].object;
    expect([metadata.labels, metadata.resourceVersion, data]).toEqual([
      { in: "yes" },
      String(left),
      { a: "2" },
    ]);
  });

  it("of one name sees that name alone", async () => {
    const from = await currentVersion();
    const query = `watch=1&resourceVersion=${from}&fieldSelector=metadata.name%3Done`;
    using watch = await server.stream(`${PATH}?${query}`);
    await put("other");
    await put("one");
    expect(await saw(watch, 1)).toEqual(["ADDED one"]);
  });

  it("ends cleanly after its time-out", async () => {
    using watch = await server.stream(`${PATH}?watch=1&timeoutSeconds=1&resourceVersion=0`);
    await watch.ended;
    expect(watch.lines.every(({ type }) => type === "ADDED")).toBe(true);
  });

  it("from a version that is too old says so and ends", async () => {
    await put("age");
    await server.restart();
    using late = await server.stream(`${PATH}?watch=1&resourceVersion=1`);
    await late.ended;
    expect(late.lines).toHaveLength(1);
    expect(late.lines[0]).toMatchObject({
      type: "ERROR",
      object: { kind: "Status", code: 410, reason: "Expired" },
    });
    expect(late.lines[0].object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
  });

  it("as a table names the columns once", async () => {
    const from = await currentVersion();
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    using watch = await server.stream(`${PATH}?watch=1&resourceVersion=${from}`, { accept });
    await put("table", {}, "1");
    await put("table", {}, "2");
    await waitFor(() => watch.lines.length === 2);
    const [first, second] = watch.lines.map(({ object }) => object);
    expect(first.kind).toBe("Table");
    expect(first.columnDefinitions[0].name).toBe("Name");
    expect(second.columnDefinitions).toBeNull();
    expect(second.rows[0].cells.slice(0, 2)).toEqual(["table", 1]);
  });

  it("ends when the server stops", async () => {
    using watch = await server.stream(`${PATH}?watch=1`);
    await server.restart();
    await watch.ended;
  });
});

describe("a list", () => {
  it("comes in pages that all show the same moment", async () => {
    for (const name of ["p1", "p2", "p3", "p4"]) await put(name, { page: "yes" });
    const base = `${PATH}?labelSelector=page&limit=2`;
    const { body: first } = await server.send(base);
    expect(first.items).toHaveLength(2);
    await put("p3", { page: "yes" }, "changed");
    await put("p5", { page: "yes" });
    const { body: second } = await server.send(`${base}&continue=${first.metadata.continue}`);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(second.items.map((item: Item) => [item.metadata.name, item.data.a])).toEqual([
      ["p3", "1"],
      ["p4", "1"],
    ]);
    expect(second.metadata.continue).toBeUndefined();
    const nonsense = await server.send(`${base}&continue=nonsense`);
    expect([nonsense.status, nonsense.body.message]).toEqual([400, "continue key is not valid"]);
  });

  it("says how many remain, and can be had at an exact version", async () => {
    const { body: all } = await server.send(PATH);
    const { body: page } = await server.send(`${PATH}?limit=1`);
    expect(page.metadata.remainingItemCount).toBe(all.items.length - 1);
    await put("newer", {}, String(Date.now()));
    const version = all.metadata.resourceVersion;
    const exact = `resourceVersion=${version}&resourceVersionMatch=Exact`;
    const { body: old } = await server.send(`${PATH}?${exact}`);
    expect(old.items).toEqual(all.items);
  });

  it("never answers with a version from the future", async () => {
    const answer = await server.send(`${PATH}?resourceVersion=999999999`);
    expect([answer.status, answer.headers["retry-after"]]).toEqual([504, "1"]);
    expect(answer.body.message).toMatch(/^Too large resource version: 999999999, current: \d+$/);
  });

  it("refuses selectors it does not understand", async () => {
    const field = await server.send(`${PATH}?fieldSelector=spec.x=1`);
    expect(field.body.message).toBe(
      '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
    );
    const pods = await server.send("/api/v1/pods?fieldSelector=spec.x=1");
    expect(pods.body.message).toBe("field label not supported: spec.x");
    expect((await server.send(`${PATH}?labelSelector=a%20b`)).status).toBe(400);
    const match = await server.send(`${PATH}?resourceVersionMatch=Exact`);
    expect(match.status).toBe(422);
  });

  it("can be had as a table or as metadata alone", async () => {
    const accept = (as: string): Record<string, string> => ({
      accept: `application/json;as=${as};v=v1;g=meta.k8s.io,application/json`,
    });
    await put("shown");
    const table = await server.send(PATH, { headers: accept("Table") });
    expect(table.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual([
      "Name",
      "Data",
      "Age",
    ]);
    const list = await server.send(PATH, { headers: accept("PartialObjectMetadataList") });
    expect(list.body.items[0]).toMatchObject({ kind: "PartialObjectMetadata" });
    expect(list.body.items[0].data).toBeUndefined();
    expect((await server.send(PATH, { headers: { accept: "text/html" } })).status).toBe(406);
  });
});
