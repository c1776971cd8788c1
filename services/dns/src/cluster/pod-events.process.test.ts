import { once } from "node:events";
import { createServer } from "node:https";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "@kubehop/kit";
import { createClusterPki } from "@kubehop/kit/certificates";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPodEvents } from "./pod-events.ts";

interface Seen {
  readonly request: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

const logger = createLogger({ name: "test", level: "silent" });
const seen: Seen[] = [];
let folder: string;
let env: Record<string, string>;
let close: () => Promise<unknown>;

beforeAll(async () => {
  const pki = await createClusterPki();
  const own = await pki.issue({ commonName: "api", altNames: ["127.0.0.1"], usages: ["server"] });
  const server = createServer({ cert: own.cert, key: own.key }, async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const { method, url, headers } = request;
    const body: unknown = text === "" ? undefined : JSON.parse(text);
    seen.push({ request: `${method} ${url}`, token: headers.authorization, body });
    const pod = { metadata: { name: "coredns-1", namespace: "kube-system", uid: "u-1" } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(method === "GET" ? pod : body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  close = () => {
    server.closeAllConnections();
    return once(server.close(), "close");
  };
  folder = await mkdtemp(join(tmpdir(), "kubehop-dns-account-"));
  const files = { "ca.crt": pki.ca, token: "secret\n", namespace: "kube-system\n" };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const { port } = server.address() as AddressInfo;
  env = {
    KUBERNETES_SERVICE_HOST: "127.0.0.1",
    KUBERNETES_SERVICE_PORT: String(port),
    HOSTNAME: "coredns-1",
  };
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true, force: true });
});

describe("pod events", () => {
  it("are recorded about the pod, with its service account's token", async () => {
    const events = createPodEvents({ env, logger, serviceAccount: folder });
    events.warn("CorefileInvalid", "Corefile:3:5: Unknown directive 'cahce'");
    await events[Symbol.asyncDispose]();
    expect(seen.map(({ request }) => request)).toEqual([
      "GET /api/v1/namespaces/kube-system/pods/coredns-1",
      "POST /api/v1/namespaces/kube-system/events",
    ]);
    expect(new Set(seen.map(({ token }) => token))).toEqual(new Set(["Bearer secret"]));
    expect(seen[1]?.body).toMatchObject({
      kind: "Event",
      type: "Warning",
      reason: "CorefileInvalid",
      message: "Corefile:3:5: Unknown directive 'cahce'",
      source: { component: "coredns" },
      involvedObject: { kind: "Pod", name: "coredns-1", namespace: "kube-system", uid: "u-1" },
    });
  });

  it("do nothing outside of a pod, and harm nothing when the API server is away", async () => {
    const before = seen.length;
    const outside = createPodEvents({ env: {}, logger, serviceAccount: folder });
    outside.warn("CorefileInvalid", "text");
    await outside[Symbol.asyncDispose]();
    const away = { ...env, KUBERNETES_SERVICE_PORT: "9" };
    const alone = createPodEvents({ env: away, logger, serviceAccount: folder });
    alone.warn("CorefileInvalid", "text");
    await alone[Symbol.asyncDispose]();
    expect(seen.length).toBe(before);
  });
});
