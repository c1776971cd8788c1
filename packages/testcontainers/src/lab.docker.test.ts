import { once } from "node:events";
import { createSocket } from "node:dgram";
import { request } from "node:https";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { parseKubeconfig } from "@kubehop/client/api-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RequestError, type StartedKubehopContainer } from "./index.ts";
import { createMark, newLab } from "./testing/docker.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const mark = createMark("lab");
let lab: StartedKubehopContainer;

beforeAll(async () => {
  lab = await newLab(mark)
    .withManifests(join(EXAMPLES, "my-api.yaml"), join(EXAMPLES, "udp-echo.yaml"))
    .withYaml(shopNamespace())
    .start();
});

afterAll(async () => {
  await lab?.stop();
  const left = await mark.leftovers();
  if (left.length > 0) throw new Error(`containers are left: ${left.join(" ")}`);
});

describe("getKubeConfig", () => {
  test("is good for any client of the test process", async () => {
    const { server, ca, cert, key } = parseKubeconfig(lab.getKubeConfig(), "test");
    const call = request(new URL("/version", server), { ca, cert, key, agent: false });
    call.end();
    const [response] = await once(call, "response");
    expect(await json(response)).toMatchObject({ gitVersion: expect.stringContaining("kubehop") });
  });
});

describe("apply", () => {
  test("creates, changes, and waits until workloads are ready", async () => {
    const applied = await lab.apply(deployment("apply-me", 1));
    expect(applied).toEqual([{ kind: "Deployment", namespace: "default", name: "apply-me" }]);
    await lab.apply(deployment("apply-me", 2));
    const pods = await lab.deletePods("deploy/apply-me");
    expect(pods).toHaveLength(2);
  });

  test("names line and column of what is wrong, and sends nothing", async () => {
    const text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: x\nspec:\n  prots: []\n";
    await expect(lab.apply(text)).rejects.toThrow(
      'yaml:6:3: Service has no field "spec.prots"\nNothing was applied.',
    );
  });

  test("gives the server's reason when it refuses", async () => {
    const text =
      "apiVersion: v1\nkind: Service\nmetadata: {name: UPPER}\nspec: {ports: [{port: 80}]}\n";
    await expect(lab.apply(text)).rejects.toThrow(/yaml:1: Service default\/UPPER was refused: .*/);
  });

  test("says which pod is not ready and why when time is up", async () => {
    const text = deployment("never", 1).replace("kubehop/sample-app", "no-such-image");
    await lab.apply(text, { wait: false });
    const reasons = async (): Promise<string[]> =>
      (await lab.events())
        .filter(({ object }) => object.includes("/never-"))
        .map(({ reason }) => reason);
    await expect.poll(reasons, { timeout: 60_000 }).toContain("Failed");
    await expect(lab.apply(text, { timeoutMs: 10_000 })).rejects.toThrow(
      /pod default\/never-.*: container app is waiting: (ErrImagePull|ImagePullBackOff)/,
    );
  });

  test("need not wait", async () => {
    const text = deployment("later", 1).replace("kubehop/sample-app", "no-such-image");
    expect(await lab.apply(text, { wait: false })).toHaveLength(1);
  });
});

describe("resolve", () => {
  test("gives the answer and the step of the search list that had it", async () => {
    const { answers, rcode, name, steps } = await lab.resolve("my-api", { type: "A" });
    expect({ answers, rcode, name }).toEqual({
      answers: ["10.96.0.50"],
      rcode: "NOERROR",
      name: "my-api.default.svc.cluster.local",
    });
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({
      proxy: { type: "forwarded", service: "kube-system/kube-dns:dns" },
      resolved: { plugin: "kubernetes", rcode: "NOERROR" },
    });
  });

  test("another namespace needs its name", async () => {
    const short = await lab.resolve("my-api", { namespace: "shop", type: "A" });
    expect(short.answers).toEqual([]);
    expect(short.steps.map(({ name, rcode }) => `${name} ${rcode}`)).toEqual([
      "my-api.shop.svc.cluster.local NXDOMAIN",
      "my-api.svc.cluster.local NXDOMAIN",
      "my-api.cluster.local NXDOMAIN",
      "my-api SERVFAIL",
      "my-api SERVFAIL",
    ]);
    const exact = await lab.resolve("my-api.shop.svc.cluster.local.", { type: "A" });
    expect(exact).toMatchObject({ answers: [], rcode: "NXDOMAIN", failure: "NXDOMAIN" });
    const full = await lab.resolve("my-api.default", { namespace: "shop", type: "A" });
    expect(full.answers).toEqual(["10.96.0.50"]);
  });

  test("other types", async () => {
    const srv = await lab.resolve("_http._tcp.my-api.default.svc.cluster.local", { type: "SRV" });
    expect(srv.answers).toEqual([expect.stringContaining(" 80 my-api.default.svc.cluster.local")]);
    const ptr = await lab.resolve("10.96.0.50", { type: "PTR" });
    expect(ptr.answers).toEqual(["my-api.default.svc.cluster.local"]);
  });

  test("from a pod that does not exist", async () => {
    await expect(lab.resolve("my-api", { from: "deploy/nobody" })).rejects.toThrow(
      'There is no deployment "nobody" in namespace default.',
    );
  });
});

describe("request", () => {
  test("gives the answer with every hop", async () => {
    const { status, body, trace, explain } = await lab.request("http://my-api/hello");
    expect(status).toBe(200);
    expect(trace.request.complete).toBe(true);
    const hop = trace.request.connection?.proxy;
    if (hop?.type !== "forwarded") throw new Error("the connection was not forwarded");
    expect(hop).toMatchObject({ service: "default/my-api:http", candidates: { length: 3 } });
    const { pod } = JSON.parse(body) as { pod: string };
    expect(trace.pods.get(hop.endpoint.ip)?.name).toBe(pod);
    expect(explain()).toContain(`= pod default/${pod}`);
  });

  test("sends method, headers and body, from a pod of the user's", async () => {
    const { body } = await lab.request("http://my-api/echo", {
      from: "deploy/my-api",
      method: "PUT",
      headers: { "x-user": "ann" },
      body: "hello",
    });
    expect(JSON.parse(body)).toMatchObject({ path: "/echo" });
  });

  test("without an answer it rejects with the step, the reason and the trace", async () => {
    await lab.apply(service("empty", "nobody"));
    const failure = await lab.request("http://empty/").catch((error: unknown) => error);
    if (!(failure instanceof RequestError)) throw failure;
    expect([failure.step, failure.reason]).toEqual(["connect", "ECONNREFUSED"]);
    expect(failure.message).toMatch(/TCP +10\.96\.\d+\.\d+:80: ECONNREFUSED/);
    await expect(lab.request("http://nobody.default.svc.cluster.local./")).rejects.toMatchObject({
      step: "dns",
      reason: "NXDOMAIN",
    });
  });
});

describe("serviceUrl", () => {
  test("leads through the kube-proxy of a node to every endpoint", async () => {
    const url = await lab.serviceUrl("default/my-api");
    expect(await lab.serviceUrl("my-api:http")).toBe(url);
    const answers = await Promise.all(Array.from({ length: 40 }, () => getJson(url)));
    expect(new Set(answers.map(({ pod }) => pod)).size).toBe(3);
    // The proxy's own end of the connection: an address of the first node.
    const peers = new Set(answers.map(({ from }) => from.split(":")[0]));
    expect(peers).toEqual(new Set(["10.244.1.1", "172.31.0.11"]));
  });

  test("what cannot be reached is named", async () => {
    await lab.apply(service("headless", "my-api").replace("spec:", "spec:\n  clusterIP: None"));
    await expect(lab.serviceUrl("headless")).rejects.toThrow("it is headless");
    await expect(lab.serviceUrl("my-api:metrics")).rejects.toThrow(
      "Service default/my-api has no port metrics.\nIts ports: http (80).",
    );
    await expect(lab.serviceUrl("shop/nobody")).rejects.toThrow(
      'There is no Service "nobody" in namespace shop.\nThose there: none.',
    );
    await expect(lab.serviceUrl("a/b/c")).rejects.toThrow("is not the name of a Service");
  });

  test("a Service without endpoints resets, as it does inside", async () => {
    await lab.apply(service("empty", "nobody"));
    const url = await lab.serviceUrl("empty");
    await expect(fetch(url)).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
  });

  test("UDP goes the same way", async () => {
    const { host, port, protocol } = await lab.forwardService("udp-echo");
    expect(protocol).toBe("UDP");
    const socket = createSocket("udp4");
    socket.send("hello", port, host);
    const [message] = (await once(socket, "message", {
      signal: AbortSignal.timeout(60_000),
    })) as [Buffer];
    socket.close();
    expect(message.toString()).toBe("hello");
  });
});

describe("faults", () => {
  test("a killed pod is started again", async () => {
    await lab.waitForEndpoints("my-api", 3);
    const killed = await lab.kill("svc/my-api");
    expect(killed).toHaveLength(3);
    await lab.waitForEndpoints("my-api", 3);
    const restarted = async (): Promise<readonly object[]> =>
      (await lab.events({ namespace: "default" })).filter(
        ({ reason, object, count }) =>
          reason === "Started" && killed.includes(object.replace("Pod ", "")) && count > 1,
      );
    // The endpoints may not have gone yet, and what tells of a start comes after it.
    await expect.poll(restarted, { timeout: 60_000 }).not.toEqual([]);
    await lab.waitForEndpoints("my-api", 3);
  });

  test("a paused pod leaves the endpoints, and comes back when it goes on", async () => {
    const [first] = await lab.waitForEndpoints("my-api", 3);
    const pod = first?.pod ?? "";
    expect(await lab.pause(pod)).toEqual([`default/${pod}`]);
    const rest = await lab.waitForEndpoints("my-api", 2);
    expect(rest.map((endpoint) => endpoint.pod)).not.toContain(pod);
    const url = await lab.serviceUrl("my-api");
    const answers = await Promise.all(Array.from({ length: 20 }, () => getJson(url)));
    expect(answers.map((answer) => answer.pod)).not.toContain(pod);
    await lab.resume(pod);
    await lab.waitForEndpoints("my-api", 3);
  });

  test("pods end in good order when they are restarted", async () => {
    expect(await lab.restartPods("deploy/udp-echo")).toHaveLength(2);
    expect(await lab.podLogs("deploy/udp-echo", { previous: true })).toContain("listening");
    await lab.waitForEndpoints("udp-echo", 2);
  });

  test("a fault without a victim is an error", async () => {
    await expect(lab.kill("app=nobody")).rejects.toThrow('matches "app=nobody"');
    await expect(lab.kill("svc/nobody")).rejects.toThrow("has no endpoints");
    await expect(lab.pause("nobody")).rejects.toThrow('There is no pod "nobody"');
  });

  test("waiting for endpoints ends with those there are", async () => {
    await expect(lab.waitForEndpoints("my-api", 7, { timeoutMs: 300 })).rejects.toThrow(
      /Service my-api has 3 ready endpoints, not 7, after 300 ms: my-api-/,
    );
  });
});

describe("what can be read", () => {
  test("the logs of pods and of the lab's own processes", async () => {
    expect(await lab.podLogs("deploy/my-api", { tail: 1 })).toContain("{");
    expect(await lab.processLogs("kube-proxy/node-1")).toContain('"name":"kube-proxy"');
    await expect(lab.processLogs("kube-proxy/node-9")).rejects.toThrow(
      /no process "kube-proxy\/node-9".*\nIts processes: .*kube-proxy-node-1, kube-proxy-node-2/,
    );
  });
});

async function getJson(url: string): Promise<{ pod: string; from: string }> {
  const response = await fetch(url, { headers: { connection: "close" } });
  return (await response.json()) as { pod: string; from: string };
}

function shopNamespace(): string {
  return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
}

function service(name: string, app: string): string {
  return `
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector: { app: ${app} }
  ports: [{ port: 80, targetPort: 8080 }]
`;
}

function deployment(name: string, replicas: number): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: app
          image: kubehop/sample-app
`;
}
