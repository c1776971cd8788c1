import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { expect, test } from "vitest";
import { endpointsReady, podsOf, podsReady, readyAddresses } from "../support/cluster.ts";
import type { ComposeLab } from "../support/compose-lab.ts";
import { describeComposeLab } from "../support/describe-compose-lab.ts";
import { docker, dockerOk } from "../support/engine.ts";

const URL = "http://my-api/hello";

interface Answer {
  readonly pod: string;
  readonly node: string;
  readonly ip: string;
}

describeComposeLab("the compose lab", {}, (lab) => {
  test("answers a client's curl, from every endpoint", async () => {
    const slices = await endpointsReady(lab(), "my-api", 3);
    const seen = new Set<string>();
    await waitFor(async () => seen.add((await ask(lab())).ip).size === 3, { timeoutMs: 60_000 });
    expect([...seen].toSorted()).toEqual(readyAddresses(slices));
  });

  test("shows every hop of a request", async () => {
    const text = await lab().kubehop("trace", URL, "--from", "client", "-o", "json");
    const request = JSON.parse(text) as TraceJson;
    expect(request.complete).toBe(true);
    expect(request.resolvConf.nameservers).toEqual(["10.96.0.10"]);
    const [query] = request.queries;
    expect(query?.server).toEqual({ ip: "10.96.0.10", port: 53 });
    expect(query?.proxy).toMatchObject({ type: "forwarded", node: "node-1" });
    expect(query?.resolved).toMatchObject({ type: "resolved" });
    expect(request.connection?.remote).toEqual({ ip: "10.96.0.50", port: 80 });
    const hop = request.connection?.proxy;
    expect(hop).toMatchObject({ type: "forwarded", node: "node-1" });
    const { candidates } = hop as { candidates: readonly unknown[] };
    expect(candidates).toHaveLength(3);
  });

  test("prints the same for people", async () => {
    const text = await lab().kubehop("trace", URL, "--from", "client");
    expect(text).toMatch(/kube-proxy +node-1: default\/my-api:http/);
    expect(text).toContain("answer      HTTP 200");
  });

  test("forwards by system calls of its own, which the image has what it takes for", async () => {
    const url = `http://${lab().env["KUBEHOP_FABRIC"]}.11:10249/metrics`;
    const { stdout } = await lab().exec("cli", "curl", "-sS", url);
    expect(stdout).toContain('kubehop_proxy_forwarder_info{forwarder="epoll"} 1\n');
  });

  test("resolves names of other namespaces, headless Services and nothing of Docker's", async () => {
    const other = await lab().exec("client", "curl", "-sS", "http://my-api.other-ns/");
    expect(other.stdout).toContain('"node":"node-1"');
    const hosts = await lab().exec("client", "getent", "ahostsv4", "my-db");
    const addresses = new Set(hosts.stdout.split("\n").flatMap((line) => line.split(" ")[0] ?? []));
    expect(addresses.size).toBe(2 + 1);
    const docker = await lab().exec("client", "getent", "hosts", "apiserver");
    expect(docker).toMatchObject({ code: 2, stdout: "" });
  });

  test("lets the user in from outside: kubeconfig and NodePorts", async () => {
    const { items } = await lab().rest.list(Kinds.Node);
    expect(items.map((node) => node.metadata.name)).toEqual(["node-1", "node-2"]);
    const { KUBEHOP_NODE_PORT, KUBEHOP_WEB_PORT } = lab().env;
    const answer = (await (
      await fetch(`http://127.0.0.1:${KUBEHOP_NODE_PORT}/x`)
    ).json()) as Answer;
    expect(answer.node).toMatch(/^node-[12]$/);
    const page = await (await fetch(`http://127.0.0.1:${KUBEHOP_WEB_PORT}/`)).text();
    expect(page).toContain("HTTP 200");
  });

  test("gives a load balancer an address that pods and this machine reach", async () => {
    const api = { namespace: "default", name: "my-api" };
    await lab().rest.patch(Kinds.Service, api, {
      type: "merge",
      body: { spec: { type: "LoadBalancer" } },
    });
    const ip = await waitFor(async () => {
      const { status } = await lab().rest.get(Kinds.Service, api);
      return status?.loadBalancer?.ingress?.[0]?.ip;
    });
    expect(ip).toMatch(new RegExp(`^${lab().env["KUBEHOP_FABRIC"]}\\.(19[2-9]|2[01]\\d|22[0-3])$`));
    const asked = [
      "curl",
      "-sS",
      "--retry",
      "9",
      "--retry-connrefused",
      `http://${ip}/hello`,
    ] as const;
    expect((await lab().exec("client", ...asked)).stdout).toContain('"node"');
    const answer = await waitFor(() => fetch(`http://${ip}/hello`).catch(() => undefined));
    expect(await answer.json()).toMatchObject({ node: expect.stringMatching(/^node-[12]$/) });
  });

  test("gives nobody more than it needs", async () => {
    const ids = (await lab().compose("ps", "-q")).trim().split("\n");
    const found = JSON.parse(await dockerOk(["inspect", ...ids])) as readonly Inspected[];
    const serviceOf = (one: Inspected): string =>
      one.Config.Labels["com.docker.compose.service"] ?? "";
    for (const one of found) {
      const service = serviceOf(one);
      const isNode = /^node-\d$/.test(service);
      expect([service, one.HostConfig.CapDrop]).toEqual([service, ["ALL"]]);
      const isKubelet = /^node-\d-kubelet$/.test(service);
      const capabilities = isNode ? ["NET_ADMIN"] : isKubelet ? ["DAC_OVERRIDE"] : [];
      expect([service, one.HostConfig.CapAdd ?? []]).toEqual([service, capabilities]);
      const hasSocket = one.Mounts.some((mount) => mount.Destination === "/var/run/docker.sock");
      expect([service, hasSocket]).toEqual([service, isKubelet]);
      const isRoot = one.Config.User.startsWith("0");
      expect([service, isRoot]).toEqual([service, isNode || hasSocket]);
    }
  });

  test("follows docker compose up --scale", async () => {
    // docs/docker.md has the plain command; without the rest of the lab it is quicker.
    const up = ["up", "-d", "--no-recreate", "--no-deps", "--scale"];
    await lab().compose(...up, "my-api=4", "my-api");
    await endpointsReady(lab(), "my-api", 5);
    await lab().compose(...up, "my-api=2", "my-api");
    await endpointsReady(lab(), "my-api", 3);
  });

  test("runs what the API creates as containers, on both nodes, and removes them", async () => {
    await lab().exec("cli", "sh", "-c", "kubehop apply -f /app/examples/my-web.yaml");
    await scaleAsKubectl(lab(), "my-web", 4);
    const labels = "app=my-web,pod-template-hash";
    const pods = await podsReady(lab(), labels, 4);
    expect(new Set(pods.map((pod) => pod.spec.nodeName))).toEqual(new Set(["node-1", "node-2"]));
    expect(await containersOf(lab(), "my-web")).toHaveLength(4 * 2);
    const web = await lab().exec("client", "curl", "-sS", "http://my-web/");
    expect(web.stdout).toContain("my-web");
    await scaleAsKubectl(lab(), "my-web", 0);
    await waitFor(async () => (await podsOf(lab(), labels)).length === 0, { timeoutMs: 60_000 });
    await waitFor(async () => (await containersOf(lab(), "my-web")).length === 0);
  });

  test("tells of a wrong label with container, label and what is accepted", async () => {
    const name = `${lab().project}-wrong`;
    const labels = ["kubehop.dev/namespace=default", "kubehop.dev/readiness=http-get 8080"];
    const flags = labels.flatMap((label) => ["--label", label]);
    const place = ["--name", name, "--network", `${lab().project}_node-1`];
    const image = await dockerOk(["inspect", "-f", "{{.Config.Image}}", lab().container("client")]);
    await dockerOk(["run", "-d", ...place, ...flags, image.trim(), "version"]);
    try {
      const message = await waitFor(
        async () => {
          const { items } = await lab().rest.list(Kinds.Event);
          return items.map((event) => event.message ?? "").find((text) => text.includes(name));
        },
        { timeoutMs: 30_000, describe: () => "an event about the container" },
      );
      expect(message).toContain("kubehop.dev/readiness");
      expect(message).toContain("http-get");
    } finally {
      await dockerOk(["rm", "-f", name]);
    }
  });

  test("is left as it is by a second up", async () => {
    const running = async (): Promise<string[]> =>
      (await lab().compose("ps", "-q")).trim().split("\n").toSorted();
    const before = await running();
    await lab().compose("up", "-d", "--wait");
    expect(await running()).toEqual(before);
    await ask(lab());
  });
});

/** What the test reads of `kubehop trace -o json`. */
interface TraceJson {
  readonly complete: boolean;
  readonly resolvConf: { readonly nameservers: readonly string[] };
  readonly queries: readonly {
    readonly server: unknown;
    readonly proxy?: unknown;
    readonly resolved?: unknown;
  }[];
  readonly connection?: { readonly remote: unknown; readonly proxy?: unknown };
}

interface Inspected {
  readonly Config: { readonly User: string; readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: { readonly CapAdd: string[] | null; readonly CapDrop: string[] | null };
  readonly Mounts: readonly { readonly Destination: string }[];
}

async function ask(lab: ComposeLab): Promise<Answer> {
  const { code, stdout, stderr } = await lab.exec("client", "curl", "-sS", "-m", "10", URL);
  if (code !== 0) throw new Error(`curl: exit code ${code}: ${stderr}`);
  return JSON.parse(stdout) as Answer;
}

/** What `kubectl scale` sends. */
async function scaleAsKubectl({ rest }: ComposeLab, name: string, replicas: number): Promise<void> {
  const ref = { namespace: "default", name };
  const patch = { type: "merge", body: { spec: { replicas } } } as const;
  await rest.patch(Kinds.Deployment, ref, patch, { subresource: "scale" });
}

/** The names of the containers that a kubelet of this lab has made for pods of that prefix. */
async function containersOf(lab: ComposeLab, prefix: string): Promise<string[]> {
  const filter = `label=com.docker.compose.project=${lab.project}`;
  const { stdout } = await docker(["ps", "-a", "--filter", filter, "--format", "{{.Names}}"]);
  return stdout
    .split("\n")
    .filter((name) => name.startsWith("k8s_") && name.includes(`_${prefix}-`));
}
