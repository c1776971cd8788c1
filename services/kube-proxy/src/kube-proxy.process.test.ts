import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type EndpointSlice, type HopEvent, Kinds, registryKey, type Service } from "@kubehop/api";
import { type Bus, openRegistry, type RegistryWriter } from "@kubehop/client";
import { freePort, type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  endpointIp,
  freshIp,
  type LoopbackService,
  toObjects,
} from "./dataplane/testing/loopback-cluster.ts";
import { ask, startGreeters, type TcpBackend } from "./dataplane/testing/tcp-peers.ts";

const [ONE, TWO] = [endpointIp(1), endpointIp(2)] as const;
const MAIN = join(import.meta.dirname, "main.ts");

describe("kube-proxy as a process", () => {
  let nats: NatsServer;
  let bus: Bus;
  let registry: RegistryWriter;
  let backends: TcpBackend[];
  const events: HopEvent[] = [];
  const revisions = new Map<string, number>();

  beforeAll(async () => {
    nats = await startNats();
    bus = await nats.connect("apiserver");
    registry = await openRegistry(bus);
    bus.subscribe("hop.kube-proxy.node-1", (event) => events.push(event as HopEvent));
    backends = await startGreeters([ONE, TWO]);
  });

  afterAll(async () => {
    for (const backend of backends ?? []) backend[Symbol.dispose]();
    await registry?.[Symbol.asyncDispose]();
    await bus?.[Symbol.asyncDispose]();
    await nats?.[Symbol.asyncDispose]();
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  /** Writes as the API server does; gives the revision. */
  async function put(key: string, object: Service | EndpointSlice): Promise<number> {
    const bytes = new TextEncoder().encode(JSON.stringify(object));
    const last = revisions.get(key);
    const revision =
      last === undefined
        ? await registry.create(key, bytes)
        : await registry.update(key, bytes, last);
    revisions.set(key, revision);
    return revision;
  }

  async function publish(fixture: LoopbackService): Promise<number> {
    const { service, slice } = toObjects(fixture);
    await put(registryKey(Kinds.Service, service.metadata), service);
    return put(registryKey(Kinds.EndpointSlice, slice.metadata), slice);
  }

  async function newService(endpoints: readonly string[]): Promise<LoopbackService> {
    return { ip: freshIp(), port: await freePort(), targetPort: backends[0]?.port ?? 0, endpoints };
  }

  const served = (revision: number) =>
    waitFor(() =>
      events.some((event) => event.type === "synced" && Number(event.resourceVersion) >= revision),
    );

  it.each([
    { flags: [] },
    { flags: ["--forwarder=epoll"] },
    { flags: ["--forwarder=epoll", "--workers=2"] },
  ])("serves the registry, survives kill -9 and a lost bus: $flags", async ({ flags }) => {
    const service = await newService([ONE]);
    await publish(service);
    let proxy = await startProxy(nats, flags);
    expect(await ask(service.ip, service.port)).toBe(ONE);

    await served(await publish({ ...service, endpoints: [TWO] }));
    expect(await ask(service.ip, service.port)).toBe(TWO);

    await proxy.end("SIGKILL");
    await expect(ask(service.ip, service.port)).rejects.toThrow("ECONNREFUSED");
    proxy = await startProxy(nats, flags);
    expect(await ask(service.ip, service.port)).toBe(TWO);

    await nats.kill();
    for (let n = 0; n < 5; n++) expect(await ask(service.ip, service.port)).toBe(TWO);
    await nats.restart();
    await waitFor(() => bus.connected());
    await publish({ ...service, endpoints: [ONE] });
    await waitFor(async () => (await ask(service.ip, service.port)) === ONE);

    expect(await proxy.end("SIGTERM")).toBe(0);
  });

  it("traces a connection while a tracer holds the lease", async () => {
    const service = { ...(await newService([ONE])), name: "traced" };
    const revision = await publish(service);
    const proxy = await startProxy(nats);
    const isTraced = ({ type }: HopEvent): boolean => type === "forwarded" || type === "closed";
    await ask(service.ip, service.port);
    await waitFor(async () => {
      bus.publish("trace.lease", { expires: Date.now() + 10_000 });
      await ask(service.ip, service.port);
      return events.some(({ type }) => type === "closed");
    });
    expect(events.filter(isTraced)[0]).toMatchObject({
      component: "kube-proxy",
      node: "node-1",
      type: "forwarded",
      service: "default/traced:main",
      endpoint: { ip: ONE },
      resourceVersion: String(revision),
    });
    expect(await proxy.end("SIGTERM")).toBe(0);
  });

  it("answers on its admin ports as upstream does", async () => {
    const service = { ...(await newService([ONE])), name: "measured" };
    await publish(service);
    const proxy = await startProxy(nats);
    await ask(service.ip, service.port);
    const health = await proxy.get(proxy.healthzPort, "/healthz");
    expect(health.status).toBe(200);
    expect(JSON.parse(health.text)).toMatchObject({
      healthy: true,
      nodeEligible: true,
      status: { IPv4: { healthy: true } },
      unboundPorts: [],
    });
    expect((await proxy.get(proxy.healthzPort, "/livez")).status).toBe(200);
    expect((await proxy.get(proxy.healthzPort, "/other")).status).toBe(404);
    expect((await proxy.get(proxy.metricsPort, "/proxyMode")).text).toBe("userspace");
    expect((await proxy.get(proxy.metricsPort, "/healthz")).text).toBe("ok");
    const config = (await proxy.get(proxy.metricsPort, "/configz")).text;
    expect(config).toContain('"nodeName":"node-1"');
    expect(config).not.toContain(nats.passwords.component);
    const metrics = (await proxy.get(proxy.metricsPort, "/metrics")).text;
    expect(metrics).toMatch(
      /^kubeproxy_sync_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} [1-9]/m,
    );
    expect(metrics).toMatch(/^kubehop_proxy_tcp_connections_total 1$/m);
    expect(metrics).toMatch(new RegExp(`^kubehop_proxy_sent_bytes_total ${ONE.length}$`, "m"));
    expect(metrics).toMatch(/^kubeproxy_proxy_healthz_total\{code="200"\} 1$/m);
    expect(await proxy.end("SIGTERM")).toBe(0);
  });

  it("falls back to userspace, and says why, where a mode cannot be used", async () => {
    const service = { ...(await newService([ONE])), name: "fallback" };
    await publish(service);
    const proxy = await startProxy(nats, ["--proxy-mode=nftables"], { PATH: "/nowhere" });
    expect(proxy.output()).toContain("there is no program nft (Debian: apt-get install nftables)");
    expect((await proxy.get(proxy.metricsPort, "/proxyMode")).text).toBe("userspace");
    expect(await ask(service.ip, service.port)).toBe(ONE);
    expect(await proxy.end("SIGTERM")).toBe(0);
  });

  it.each([
    [["--proxy-mode=kernelspace"], '--proxy-mode: "kernelspace" is not built in'],
    [["--config=/nowhere"], "/nowhere: cannot be read: ENOENT"],
    [["--udp-idle-timeout=soon"], "--udp-idle-timeout:"],
    [["--node-ip=node-1"], '--node-ip: "node-1" is not an IP address'],
    [["--cluster-cidr=10.244.0.0"], '--cluster-cidr: "10.244.0.0" is not a CIDR'],
    [["--log-level=loud"], '--log-level: "loud"'],
    [["--nonsense"], "--nonsense"],
  ])("says what is wrong with %s and ends with code 2", async (flags, message) => {
    const child = spawnProxy(nats, flags);
    let output = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code] = (await once(child, "close")) as [number | null];
    expect(output).toContain(message);
    expect(code).toBe(2);
  });
});

interface ProxyProcess {
  readonly healthzPort: number;
  readonly metricsPort: number;
  /** What it has logged. */
  output(): string;
  get(port: number, path: string): Promise<{ status: number; text: string }>;
  /** Sends a signal and gives the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Every kube-proxy a test has started: a test that fails must not leave one behind. */
const children: ChildProcess[] = [];

function spawnProxy(
  nats: NatsServer,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const own = {
    "node-name": "node-1",
    "node-ip": "127.0.0.1",
    "healthz-port": "0",
    "metrics-port": "0",
    "bus-url": nats.url,
    "bus-password": nats.passwords.component,
  };
  const argv = Object.entries(own).map(([flag, value]) => `--${flag}=${value}`);
  const all = [MAIN, ...argv, ...flags];
  const child = spawn(process.execPath, all, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

/** Starts kube-proxy and waits until it serves. */
async function startProxy(
  nats: NatsServer,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ProxyProcess> {
  const child = spawnProxy(nats, flags, env);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error("kube-proxy has ended");
      return output.includes('"msg":"serving"');
    },
    { timeoutMs: 60_000, describe: () => `kube-proxy serving; it said: ${output}` },
  );
  const port = (name: string): number => Number(new RegExp(`"${name}":(\\d+)`).exec(output)?.[1]);
  return {
    output: () => output,
    healthzPort: port("healthzPort"),
    metricsPort: port("metricsPort"),
    async get(at, path) {
      const response = await fetch(`http://127.0.0.1:${at}${path}`);
      return { status: response.status, text: await response.text() };
    },
    async end(signal) {
      const closed = once(child, "close");
      child.kill(signal);
      const [code] = (await closed) as [number | null];
      return code;
    },
  };
}
