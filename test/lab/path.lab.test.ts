import { WEIGHT_ANNOTATION, Kinds, parseWeights } from "@kubehop/api";
import type { ForwardedEvent, HopEvent } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, test } from "vitest";
import { CLIENT, fetchUrl, run, runLoad, sampleApp } from "../support/client-pod.ts";
import {
  endpointsReady,
  newestVersion,
  nodeNames,
  podsOf,
  readyAddresses,
  slicesOf,
} from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";
import { type HopRecording, recordHops } from "../support/hops.ts";
import { hasProgram } from "../support/requirements.ts";
import { chiSquare, pValueWithTwoDegrees } from "../support/statistics.ts";

const NO_CURL = !hasProgram("curl");
const RESOLV_CONF = `nameserver 10.96.0.10
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
`;
const COREFILE = `.:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}`;

describeLab("the path of a request", { nodes: 3, files: [EXAMPLES] }, (lab) => {
  describe("curl in a pod (skipped where the machine has no curl)", () => {
    test.skipIf(NO_CURL)("http://my-api/hello: a short name in the own namespace", async () => {
      const answer = JSON.parse(await run(lab(), ["curl", "-sS", "http://my-api/hello"])) as object;
      expect(answer).toMatchObject({
        pod: expect.stringMatching(/^my-api-/),
        node: expect.stringMatching(/^node-\d$/),
        path: "/hello",
      });
    });

    test.skipIf(NO_CURL)("http://my-api.other-ns/: a name in another namespace", async () => {
      const answer = JSON.parse(await run(lab(), ["curl", "-sS", "http://my-api.other-ns/"])) as {
        pod: string;
      };
      const pods = await podsOf(lab(), "app=my-api", "other-ns");
      expect(pods.map((pod) => pod.metadata.name)).toContain(answer.pod);
    });

    test.skipIf(NO_CURL)("http://my-api.default.svc.cluster.local./: the full name", async () => {
      const url = "http://my-api.default.svc.cluster.local./";
      expect(await run(lab(), ["curl", "-sS", url])).toContain('"pod":"my-api-');
    });

    test.skipIf(NO_CURL)("https://kubernetes.default.svc/version: the API server", async () => {
      const url = "https://kubernetes.default.svc/version";
      const version = JSON.parse(await run(lab(), ["curl", "-sSk", url])) as object;
      expect(version).toMatchObject({ major: "1", gitVersion: expect.stringMatching(/^v1\./) });
    });

    test.skipIf(NO_CURL)("http://my-web/: a front end that takes the path once more", async () => {
      const page = await run(lab(), ["curl", "-sS", "http://my-web/"]);
      expect(page).toMatch(/made by pod <b>my-web-[^<]+<\/b>/);
      expect(page).toContain("&quot;pod&quot;:&quot;my-api-");
    });
  });

  test("getent hosts my-db-0.my-db: a pod of a StatefulSet by its own name", async () => {
    const line = await run(lab(), ["getent", "hosts", "my-db-0.my-db"]);
    const [pod] = (await podsOf(lab(), "app=my-db")).filter((one) =>
      one.metadata.name.endsWith("-0"),
    );
    expect(line.trim().split(/\s+/)).toEqual([
      pod?.status?.podIP,
      "my-db-0.my-db.default.svc.cluster.local",
    ]);
  });

  test("every hop of a request tells of itself, and they join by address and port", async () => {
    await using hops = await recordHops(lab());
    await everybodyTells(hops);
    const report = await fetchUrl(lab(), "http://my-api/hello");
    expect(report.response?.status).toBe(200);
    const [query] = report.queries;
    expect(query).toMatchObject({
      name: "my-api.default.svc.cluster.local",
      server: { ip: "10.96.0.10", port: 53 },
      answers: ["10.96.0.50"],
    });
    const dns = await findForwarded(hops.events, query?.local);
    expect(dns).toMatchObject({
      protocol: "UDP",
      service: expect.stringContaining("kube-system/kube-dns:"),
      frontend: { ip: "10.96.0.10", port: 53 },
    });
    const dnsPods = await podsOf(lab(), "k8s-app=kube-dns", "kube-system");
    expect(dnsPods.map((pod) => pod.status?.podIP)).toContain(dns.endpoint.ip);
    const resolved = await findResolved(hops.events, dns);
    expect(resolved).toMatchObject({ rcode: "NOERROR", answers: ["10.96.0.50"] });

    const http = await findForwarded(hops.events, report.connection?.local);
    expect(http).toMatchObject({ protocol: "TCP", frontend: { ip: "10.96.0.50", port: 80 } });
    const answer = JSON.parse(report.response?.body ?? "") as { ip: string; from: string };
    expect(http.endpoint).toEqual({ ip: answer.ip, port: 8080 });
    expect(answer.from).toBe(`${http.upstream.ip}:${http.upstream.port}`);
    expect(http.candidates.map((one) => one.ip).toSorted()).toEqual(
      readyAddresses(await slicesOf(lab(), "my-api")).toSorted(),
    );
    for (const candidate of http.candidates) expect(candidate.probability).toBeCloseTo(1 / 3);
    expect(http.draw).toBeGreaterThanOrEqual(0);
    expect(http.draw).toBeLessThan(1);
    expect(Number(http.resourceVersion)).toBeGreaterThan(0);
  });

  test("3,000 requests over weights 1, 2 and 3 share themselves as 1 : 2 : 3", async () => {
    const pods = (await podsOf(lab(), "app=my-api")).toSorted((a, b) =>
      a.metadata.name.localeCompare(b.metadata.name),
    );
    const shares = [1, 2, 3];
    await using hops = await recordHops(lab());
    await setWeights(
      pods.map((pod) => pod.metadata.name),
      shares,
    );
    const slices = await waitFor(async () => {
      const found = await slicesOf(lab(), "my-api");
      const weights = new Map(found.flatMap((slice) => [...parseWeights(slice)]));
      const seen = pods.map((pod) => weights.get(pod.status?.podIP ?? "") ?? 1);
      return seen.join() === shares.join() ? found : undefined;
    });
    await hops.proxiesSynced(await nodeNames(lab()), newestVersion(slices));
    const summary = await runLoad(lab(), [
      "--requests",
      "3000",
      "--concurrency",
      "8",
      "--duration",
      "120s",
      "--timeout",
      "20s",
    ]);
    expect(summary).toMatchObject({ sent: 3000, failed: 0 });
    const observed = pods.map((pod) => summary.pods[pod.metadata.name] ?? 0);
    const p = pValueWithTwoDegrees(chiSquare(observed, shares));
    // A fair draw fails once in a million runs.
    expect(p, `counts ${observed.join(", ")}`).toBeGreaterThan(1e-6);
    await setWeights(
      pods.map((pod) => pod.metadata.name),
      [null, null, null],
    );
  });

  /** Every proxy and every DNS pod has heard that somebody records. */
  async function everybodyTells(hops: HopRecording): Promise<void> {
    await hops.proxiesSynced(await nodeNames(lab()), "1");
    const dnsPods = await podsOf(lab(), "k8s-app=kube-dns", "kube-system");
    const told = (node: string): boolean =>
      hops.events.some((event) => event.component === "dns" && event.node === node);
    await waitFor(() => dnsPods.every(({ metadata }) => told(metadata.name)), {
      describe: () => `every DNS pod to tell of itself: ${JSON.stringify(hops.events)}`,
    });
  }

  async function setWeights(names: readonly string[], weights: readonly (number | null)[]) {
    for (const [index, name] of names.entries()) {
      const weight = weights[index] ?? null;
      const annotations = { [WEIGHT_ANNOTATION]: weight === null ? null : String(weight) };
      const patch = { type: "merge", body: { metadata: { annotations } } } as const;
      await lab().rest.patch(Kinds.Pod, { namespace: "default", name }, patch);
    }
  }

  test("UDP: datagrams to a Service come back from its pods, each flow from one", async () => {
    await endpointsReady(lab(), "udp-echo", 2);
    const script = `
      const socket = require("node:dgram").createSocket("udp4");
      const seen = new Set(); let rounds = 0;
      socket.on("message", (data) => {
        seen.add(data.toString().trim());
        rounds += 1;
        if (rounds < 20) return socket.send("hostname", 7, "udp-echo");
        console.log(JSON.stringify([...seen])); socket.close();
      });
      socket.send("hostname", 7, "udp-echo");
      setTimeout(() => process.exit(1), 20000).unref();`;
    const pods = JSON.parse(await run(lab(), [process.execPath, "-e", script])) as string[];
    expect(pods).toHaveLength(1);
    expect(pods[0]).toMatch(/^udp-echo-/);
  });

  test("a pod finds its resolv.conf, its host name and the Services in its environment", async () => {
    expect(await run(lab(), ["cat", "/etc/resolv.conf"])).toBe(RESOLV_CONF);
    const [pod] = await podsOf(lab(), "app=client");
    expect(await run(lab(), ["cat", "/etc/hostname"]).catch(() => "")).toBeDefined();
    expect((await run(lab(), ["hostname"])).trim()).toBe(pod?.metadata.name);
    const hosts = await run(lab(), ["cat", "/etc/hosts"]);
    expect(hosts).toContain(`${pod?.status?.podIP}\t${pod?.metadata.name}`);
    const environment = await run(lab(), ["env"]);
    expect(environment).toContain("KUBERNETES_SERVICE_HOST=10.96.0.1");
    expect(environment).toContain("KUBERNETES_SERVICE_PORT=443");
  });

  describe("ClusterIPs", () => {
    test.each([
      ["default", "kubernetes", "10.96.0.1", 443],
      ["kube-system", "kube-dns", "10.96.0.10", 53],
      ["default", "my-api", "10.96.0.50", 80],
      ["default", "my-web", "10.96.1.100", 80],
    ])("%s/%s has %s", async (namespace, name, clusterIP, port) => {
      const service = await lab().rest.get(Kinds.Service, { namespace, name });
      expect(service.spec?.clusterIP).toBe(clusterIP);
      expect(service.spec?.ports?.map((one) => one.port)).toContain(port);
      const taken = await lab().rest.get(Kinds.IPAddress, { name: clusterIP });
      expect(taken.spec?.parentRef).toMatchObject({ resource: "services", namespace, name });
    });

    test("others get one of 10.96.0.0/16 of their own", async () => {
      const { items } = await lab().rest.list(Kinds.Service);
      const addresses = items
        .map((service) => service.spec?.clusterIP ?? "")
        .filter((address) => address !== "None" && address !== "");
      expect(new Set(addresses).size).toBe(addresses.length);
      for (const address of addresses) expect(address).toMatch(/^10\.96\.\d+\.\d+$/);
    });

    test("a ClusterIP is on no interface of a pod, and outside the cluster nobody has it", async () => {
      expect(await run(lab(), ["cat", "/proc/net/fib_trie"])).not.toContain("10.96.0.50");
      // The host may route unknown addresses to something that answers, but never to a pod.
      const outside = await fetch("http://10.96.0.50/", { signal: AbortSignal.timeout(1_000) })
        .then((answer) => answer.text())
        .catch(() => "");
      expect(outside).not.toContain('"pod":"my-api-');
    });

    test("a port without a Service is refused at once", async () => {
      const { code, stderr } = await lab().exec(
        CLIENT,
        sampleApp("agnhost", "connect", "--timeout=15s", "10.96.0.50:81"),
      );
      expect({ code, stderr }).toEqual({ code: 1, stderr: "REFUSED\n" });
    });
  });

  describe("DNS records", () => {
    test("a Service with a ClusterIP: A, the ClusterIP, TTL 30", async () => {
      const { queries } = await fetchUrl(lab(), "http://my-api.default.svc.cluster.local./");
      expect(queries[0]).toMatchObject({ type: "A", rcode: "NOERROR", answers: ["10.96.0.50"] });
      expect(queries[0]?.ttl).toBeLessThanOrEqual(30);
    });

    test("SRV: the port and the host name", async () => {
      const records = await resolveWithNode(
        "resolveSrv",
        "_http._tcp.my-api.default.svc.cluster.local",
      );
      expect(records).toEqual([
        expect.objectContaining({ name: "my-api.default.svc.cluster.local", port: 80 }),
      ]);
    });

    test("a headless Service: the pods' own addresses, in changing order", async () => {
      const pods = await podsOf(lab(), "app=my-db");
      const addresses = pods.map((pod) => pod.status?.podIP ?? "").toSorted();
      const orders = new Set<string>();
      await waitFor(
        async () => {
          const name = "my-db.default.svc.cluster.local";
          const answer = (await resolveWithNode("resolve4", name)) as string[];
          expect(answer.toSorted()).toEqual(addresses);
          orders.add(answer.join());
          return orders.size === 2;
        },
        { timeoutMs: 120_000, describe: "both orders of two addresses (plugin loadbalance)" },
      );
    });

    test("an address back to its name", async () => {
      const names = await resolveWithNode("reverse", "10.96.0.50");
      expect(names).toEqual(["my-api.default.svc.cluster.local"]);
    });

    test.each([
      ["my-api", "my-api.default.svc.cluster.local", "10.96.0.50"],
      ["my-api.other-ns", "my-api.other-ns.svc.cluster.local", undefined],
      ["my-api.default.svc.cluster.local.", "my-api.default.svc.cluster.local", "10.96.0.50"],
      ["kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "10.96.0.1"],
      ["kube-dns.kube-system.svc", "kube-dns.kube-system.svc.cluster.local", "10.96.0.10"],
    ])("%s is found as %s", async (name, fullName, address) => {
      const { queries } = await fetchUrl(lab(), `http://${name}:1/`);
      const answered = queries.find((query) => query.answers.length > 0);
      expect(answered?.name).toBe(fullName);
      const service = await lab().rest.get(Kinds.Service, {
        namespace: fullName.split(".")[1] ?? "",
        name: fullName.split(".")[0] ?? "",
      });
      expect(answered?.answers).toEqual([address ?? service.spec?.clusterIP]);
    });

    test("a name that nobody has: NXDOMAIN all along the search list", async () => {
      const { queries, error } = await fetchUrl(lab(), "http://nobody/");
      expect(error?.step).toBe("dns");
      const inCluster = queries.filter((query) => query.name.endsWith("cluster.local"));
      expect([...new Set(inCluster.map((query) => query.name))]).toEqual([
        "nobody.default.svc.cluster.local",
        "nobody.svc.cluster.local",
        "nobody.cluster.local",
      ]);
      expect(new Set(inCluster.map((query) => query.rcode))).toEqual(new Set(["NXDOMAIN"]));
      expect(queries.at(-1)?.name).toBe("nobody");
    });
  });

  describe("cluster DNS itself", () => {
    test("is pods in kube-system behind a Service, with addresses of the pod CIDR", async () => {
      const slices = await slicesInSystem("kube-dns");
      const pods = await podsOf(lab(), "k8s-app=kube-dns", "kube-system");
      expect(pods.length).toBeGreaterThan(0);
      for (const pod of pods) {
        expect(pod.status?.podIP).toMatch(/^10\.244\.\d+\.\d+$/);
        expect(readyAddresses(slices)).toContain(pod.status?.podIP);
      }
    });

    test("is configured by ConfigMap kube-system/coredns", async () => {
      const ref = { namespace: "kube-system", name: "coredns" };
      const { data } = await lab().rest.get(Kinds.ConfigMap, ref);
      expect(words(data?.["Corefile"] ?? "")).toEqual(words(COREFILE));
    });
  });

  function slicesInSystem(name: string) {
    return slicesOf(lab(), name, "kube-system");
  }

  /** Node's own resolver (c-ares) in the client pod: it reads resolv.conf and shows all records. */
  async function resolveWithNode(method: string, name: string): Promise<unknown> {
    const script = `require("node:dns").promises.${method}(${JSON.stringify(name)})
      .then((found) => console.log(JSON.stringify(found)))`;
    return JSON.parse(await run(lab(), [process.execPath, "-e", script]));
  }
});

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function findForwarded(
  events: readonly HopEvent[],
  client: { ip: string; port: number } | undefined,
): Promise<ForwardedEvent> {
  return waitFor(
    () =>
      events.find(
        (event): event is ForwardedEvent =>
          event.type === "forwarded" &&
          event.client.port === client?.port &&
          event.client.ip === client.ip,
      ),
    { describe: () => `a flow of ${JSON.stringify(client)} among ${events.length} events` },
  );
}

/** The DNS pod's own event: its client is the proxy's end of the flow. */
function findResolved(events: readonly HopEvent[], dns: ForwardedEvent): Promise<HopEvent> {
  return waitFor(() =>
    events.find(
      (event) =>
        event.type === "resolved" &&
        event.question.type === "A" &&
        event.client.ip === dns.upstream.ip &&
        event.client.port === dns.upstream.port,
    ),
  );
}
