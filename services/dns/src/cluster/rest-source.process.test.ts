import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { KubeObject } from "@kubehop/api";
import { rcodeName } from "@kubehop/dns-wire";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { namespace, service } from "../testing/cluster-objects.ts";
import { ask, recordLines, startDns } from "../testing/dns-fixture.ts";

/** Lists and watches over HTTP, as an API server does: the list/watch source of these tests. */
async function startApi() {
  const objects = new Map<string, Map<string, KubeObject>>();
  const watches = new Map<string, Set<ServerResponse>>();
  const watched: string[] = [];
  const history: { plural: string; version: number; line: string }[] = [];
  let version = 10;
  let goneOnce = false;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://api");
    const plural = url.pathname.split("/").at(-1) ?? "";
    if (!url.searchParams.has("watch")) {
      const items = [...(objects.get(plural)?.values() ?? [])];
      response.end(JSON.stringify({ metadata: { resourceVersion: String(version) }, items }));
      return;
    }
    watched.push(`${plural} ${url.searchParams.get("resourceVersion")}`);
    if (goneOnce) {
      goneOnce = false;
      const status = { kind: "Status", status: "Failure", reason: "Expired", code: 410 };
      response.writeHead(410).end(JSON.stringify(status));
      return;
    }
    response.flushHeaders();
    const seen = Number(url.searchParams.get("resourceVersion"));
    for (const past of history) {
      if (past.plural === plural && past.version > seen) response.write(past.line);
    }
    watches.set(plural, (watches.get(plural) ?? new Set()).add(response));
    response.once("close", () => watches.get(plural)?.delete(response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    watched,
    put(plural: string, object: KubeObject, type: "ADDED" | "DELETED" = "ADDED") {
      const { name, namespace: ns = "" } = object.metadata;
      const all = objects.get(plural) ?? new Map<string, KubeObject>();
      const stored = {
        ...object,
        metadata: { ...object.metadata, resourceVersion: `${++version}` },
      };
      if (type === "ADDED") all.set(`${ns}/${name}`, stored);
      else all.delete(`${ns}/${name}`);
      objects.set(plural, all);
      const line = `${JSON.stringify({ type, object: stored })}\n`;
      history.push({ plural, version, line });
      for (const response of watches.get(plural) ?? []) response.write(line);
    },
    forget() {
      goneOnce = true;
      for (const response of watches.get("services") ?? []) response.end();
      watches.delete("services");
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const corefile = (properties: string) =>
  `.:0 {\n bind 127.0.0.1\n errors\n kubernetes cluster.local {\n ${properties}\n }\n}`;
const NAME = "api.shop.svc.cluster.local.";

describe("kubernetes over an API server", () => {
  it("lists, watches, lists again when its version is gone, and keeps the last state", async () => {
    const api = await startApi();
    const own = service("shop/api", { clusterIP: "10.96.0.5" });
    api.put("namespaces", namespace("shop"));
    api.put("services", own);
    const limits = "apiserver_qps 50\n apiserver_burst 10\n apiserver_max_inflight 20";
    await using dns = await startDns({ corefile: corefile(`endpoint ${api.url}\n ${limits}`) });
    const lines = async (name: string) => recordLines((await ask(dns.port, name, "A")).answers);
    expect(await lines(NAME)).toEqual([`${NAME} 5 A 10.96.0.5`]);
    api.put("services", service("shop/late", { clusterIP: "10.96.0.6" }));
    await waitFor(async () => (await lines("late.shop.svc.cluster.local.")).length === 1);
    api.forget();
    api.put("services", own, "DELETED");
    await waitFor(async () => (await lines(NAME)).length === 0);
    await api[Symbol.asyncDispose]();
    expect(await lines("late.shop.svc.cluster.local.")).toHaveLength(1);
    expect(rcodeName((await ask(dns.port, NAME, "A")).rcode)).toBe("NXDOMAIN");
    expect(api.watched.filter((each) => each.startsWith("services")).length).toBeGreaterThan(1);
    const counted = await dns.metric("coredns_kubernetes_rest_client_requests_total");
    expect(counted).toMatch(/code="200",method="GET",host="127.0.0.1:\d+"} \d/);
  });

  it("takes a context of a kubeconfig", async () => {
    await using api = await startApi();
    api.put("namespaces", namespace("shop"));
    api.put("services", service("shop/api", { clusterIP: "10.96.0.5" }));
    const kubeconfig = `
current-context: none
contexts: [{ name: lab, context: { cluster: lab } }]
clusters: [{ name: lab, cluster: { server: "${api.url}" } }]
`;
    const files = { kubeconfig };
    await using dns = await startDns({ corefile: corefile("kubeconfig kubeconfig lab"), files });
    expect((await ask(dns.port, NAME, "A")).answers).toHaveLength(1);
  });

  it("answers SERVFAIL while the API server was never reached", async () => {
    const text = corefile("endpoint http://127.0.0.1:9\n startup_timeout 50ms");
    await using dns = await startDns({ corefile: text });
    expect(rcodeName((await ask(dns.port, NAME, "A")).rcode)).toBe("SERVFAIL");
    expect(dns.log.join("")).toContain("starting server with unsynced Kubernetes API");
  });
});
