import { isConflict, isExpired, isNotFound, Kinds, type Pod, StatusError } from "@kubehop/api";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createEventRecorder } from "./event-recorder.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { renewLease } from "./lease.ts";
import { createRestClient, type RestClient } from "./rest.ts";
import { ServerUnreachable } from "./rest-transport.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

type Answer = (seen: Seen, response: ServerResponse) => void;

const status =
  (code: number, reason: string): Answer =>
  (_seen, response) => {
    response.statusCode = code;
    response.end(
      JSON.stringify({ kind: "Status", apiVersion: "v1", message: reason, reason, code }),
    );
  };
const json =
  (value: unknown): Answer =>
  (_seen, response) =>
    response.end(JSON.stringify(value));

describe("rest client", () => {
  let server: Server;
  let rest: RestClient;
  let url: string;
  let seen: Seen[] = [];
  let answer: Answer = json({});

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      const { method = "", url: path = "", headers } = request;
      const entry = {
        method,
        url: path,
        headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
      seen.push(entry);
      answer(entry, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address() as { port: number };
    url = `http://127.0.0.1:${address.port}`;
    rest = createRestClient({ server: url, token: "secret", userAgent: "test/1" });
  });
  afterAll(async () => {
    await rest[Symbol.asyncDispose]();
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen = [];
  });

  const pod = { namespace: "default", name: "a.b" };

  it("speaks Kubernetes' paths, methods and content types", async () => {
    answer = json({ metadata: {} });
    const object: Pod = { apiVersion: "v1", kind: "Pod", metadata: pod, spec: { containers: [] } };
    await rest.get(Kinds.Pod, pod);
    await rest.create(Kinds.Pod, object);
    await rest.update(Kinds.Pod, object, { subresource: "status" });
    await rest.patch(Kinds.Pod, pod, { type: "strategic", body: {} });
    await rest.patch(Kinds.Deployment, pod, { type: "json", body: [] }, { subresource: "scale" });
    await rest.delete(Kinds.Node, { name: "node-1" }, { propagationPolicy: "Orphan" });
    await rest.deleteCollection(Kinds.Pod, { namespace: "default", labelSelector: "a=b" });
    expect(seen.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      "GET /api/v1/namespaces/default/pods/a.b",
      "POST /api/v1/namespaces/default/pods",
      "PUT /api/v1/namespaces/default/pods/a.b/status",
      "PATCH /api/v1/namespaces/default/pods/a.b",
      "PATCH /apis/apps/v1/namespaces/default/deployments/a.b/scale",
      "DELETE /api/v1/nodes/node-1",
      "DELETE /api/v1/namespaces/default/pods?labelSelector=a%3Db",
    ]);
    expect(seen[3]?.headers["content-type"]).toBe("application/strategic-merge-patch+json");
    expect(seen[4]?.headers["content-type"]).toBe("application/json-patch+json");
    expect(seen[5]?.body).toEqual({ propagationPolicy: "Orphan" });
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer secret",
      "user-agent": "test/1",
    });
  });

  it("gives the items of a list their kind", async () => {
    answer = json({ metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "a" } }] });
    const list = await rest.list(Kinds.Pod, { fieldSelector: "spec.nodeName=n" });
    expect(list.resourceVersion).toBe("7");
    expect(list.items[0]).toMatchObject({ apiVersion: "v1", kind: "Pod" });
    expect(seen[0]?.url).toBe("/api/v1/pods?fieldSelector=spec.nodeName%3Dn");
    answer = json({ metadata: {}, items: null });
    expect((await rest.list(Kinds.Pod)).items).toEqual([]);
  });

  it("turns Status bodies into StatusErrors, and other failures too", async () => {
    answer = status(404, "NotFound");
    await expect(rest.get(Kinds.Pod, pod)).rejects.toSatisfy(isNotFound);
    answer = status(409, "Conflict");
    await expect(rest.delete(Kinds.Pod, pod)).rejects.toSatisfy(isConflict);
    answer = (_seen, response) => {
      response.statusCode = 502;
      response.end("some proxy");
    };
    const failure = await rest.get(Kinds.Pod, pod).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StatusError);
    expect(failure).toMatchObject({ code: 502, message: "some proxy" });
  });

  it("names the server and the cause when it cannot be reached", async () => {
    await using away = createRestClient({ server: "http://127.0.0.1:1", userAgent: "test" });
    const failure = await away.get(Kinds.Pod, pod).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServerUnreachable);
    expect(String(failure)).toMatch(/http:\/\/127\.0\.0\.1:1: ECONNREFUSED/);
  });

  it("yields watch events, whatever the chunks, and throws an ERROR event", async () => {
    answer = (_seen, response) => {
      const line = (type: string, object: object): string =>
        `${JSON.stringify({ type, object })}\n`;
      const text =
        line("ADDED", { metadata: { name: "ä" } }) + line("DELETED", { metadata: { name: "b" } });
      const bytes = Buffer.from(text);
      response.write(bytes.subarray(0, 42));
      setImmediate(() => {
        response.write(bytes.subarray(42));
        response.end(
          line("ERROR", { kind: "Status", code: 410, reason: "Expired", message: "old" }),
        );
      });
    };
    const events: string[] = [];
    const watch = async (): Promise<void> => {
      for await (const { type, object } of rest.watch(Kinds.Pod, { resourceVersion: "5" })) {
        events.push(`${type} ${object.metadata.name}`);
      }
    };
    await expect(watch()).rejects.toSatisfy(isExpired);
    expect(events).toEqual(["ADDED ä", "DELETED b"]);
    expect(seen[0]?.url).toBe("/api/v1/pods?watch=true&resourceVersion=5");
  });

  it("closes the connection of a watch that is left", async () => {
    let closed = false;
    answer = (_seen, response) => {
      response.on("close", () => (closed = true));
      response.write('{"type":"ADDED","object":{}}\n');
    };
    for await (const _event of rest.watch(Kinds.Pod)) break;
    await waitFor(() => closed);
  });

  it("creates a lease, then renews it", async () => {
    const claim = { ref: { namespace: "n", name: "l" }, holderIdentity: "me", durationSeconds: 40 };
    const now = Date.parse("2026-01-01T00:00:00.123Z");
    answer = (entry, response) =>
      entry.method === "GET"
        ? status(404, "NotFound")(entry, response)
        : json(entry.body)(entry, response);
    const created = await renewLease(rest, claim, now);
    const renewed = await renewLease(rest, claim, now + 10_000, created);
    expect(seen.map(({ method }) => method)).toEqual(["GET", "POST", "PUT"]);
    expect(renewed.spec).toEqual({
      holderIdentity: "me",
      leaseDurationSeconds: 40,
      acquireTime: "2026-01-01T00:00:00.123000Z",
      renewTime: "2026-01-01T00:00:10.123000Z",
      leaseTransitions: 0,
    });
  });

  it("records events, counts repeats, never blocks, and bounds what waits", async () => {
    answer = (entry, response) => json(entry.body)(entry, response);
    await using recorder = createEventRecorder(rest, "test");
    const object = { apiVersion: "v1", kind: "Pod", metadata: { ...pod, uid: "u" } };
    recorder.event(object, "Warning", "Failed", "it failed");
    recorder.event(object, "Warning", "Failed", "it failed");
    await waitFor(() => seen.length === 1);
    expect(seen[0]?.body).toMatchObject({
      involvedObject: { kind: "Pod", name: "a.b", namespace: "default", uid: "u" },
      reason: "Failed",
      source: { component: "test" },
      count: 2,
    });
    await waitFor(() => {
      recorder.event(object, "Warning", "Failed", "it failed");
      return seen.length > 1;
    });
    expect(seen[1]).toMatchObject({ method: "PATCH" });
    expect((seen[1]?.body as { count?: number } | undefined)?.count).toBeGreaterThan(2);
    const before = seen.length;
    for (let i = 0; i < 5_000; i += 1) recorder.event(object, "Normal", "Many", `number ${i}`);
    await waitFor(() => seen.length > before + 500);
    await recorder[Symbol.asyncDispose]();
    expect(seen.length - before).toBeLessThanOrEqual(1_002);
  });
});

describe("loadKubeconfig", () => {
  const load = async (document: object, files: Record<string, string> = {}): Promise<object> => {
    const directory = await mkdtemp(join(tmpdir(), "kubehop-kubeconfig-"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const path = join(directory, "config");
    await writeFile(path, JSON.stringify(document));
    try {
      return loadKubeconfig(path);
    } finally {
      await rm(directory, { recursive: true });
    }
  };
  const document = (cluster: object, user: object): object => ({
    "current-context": "c",
    contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
    clusters: [{ name: "k", cluster }],
    users: [{ name: "u", user }],
  });
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  it("reads data fields", async () => {
    const cluster = { server: "https://k:6443", "certificate-authority-data": base64("CA") };
    const user = { "client-certificate-data": base64("CERT"), "client-key-data": base64("KEY") };
    expect(await load(document(cluster, user))).toEqual({
      server: "https://k:6443",
      ca: "CA",
      cert: "CERT",
      key: "KEY",
    });
  });

  it("reads files beside itself", async () => {
    const cluster = { server: "https://k:6443", "certificate-authority": "ca.crt" };
    const files = { "ca.crt": "CA", token: "TOKEN\n" };
    expect(await load(document(cluster, { tokenFile: "token" }), files)).toEqual({
      server: "https://k:6443",
      ca: "CA",
      token: "TOKEN",
    });
  });

  it.each([
    [{}, /contexts has no entry "undefined"/],
    [document({}, {}), /the cluster has no server/],
    [
      document({ server: "https://k", "certificate-authority": "none" }, {}),
      /certificate-authority: ENOENT/,
    ],
  ])("says what is wrong (%#)", async (config, message) => {
    await expect(load(config)).rejects.toThrow(message);
  });

  it("says that there is no file", () => {
    expect(() => loadKubeconfig("/none/config")).toThrow(/kubeconfig \/none\/config: ENOENT/);
  });
});
