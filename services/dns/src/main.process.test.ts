import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HopEvent, Kinds, type KubeObject, registryKey } from "@kubehop/api";
import { openRegistry } from "@kubehop/client";
import { rcodeName } from "@kubehop/dns-wire";
import { type NatsServer, startNats, waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namespace, service } from "./testing/cluster-objects.ts";
import { ask, recordLines } from "./testing/dns-fixture.ts";
import { type DnsProcess, startDnsProcess } from "./testing/dns-process.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const NAME = "my-api.default.svc.cluster.local.";
const COREFILE = `.:0 {
    bind 127.0.0.1
    errors
    ready 127.0.0.1:0
    kubernetes cluster.local in-addr.arpa {
        ttl 30
    }
}`;

let nats: NatsServer;
let folder: string;
beforeAll(async () => {
  nats = await startNats();
  folder = await mkdtemp(join(tmpdir(), "kubehop-dns-"));
});
afterAll(async () => {
  await nats[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function startProcess(): Promise<DnsProcess> {
  return startDnsProcess({ corefile: COREFILE, nats, env: { HOSTNAME: "coredns-abc" } });
}

async function addressesOf(port: number): Promise<string[]> {
  return recordLines((await ask(port, NAME, "A")).answers);
}

describe("the DNS process on a real bus", () => {
  it("follows the registry, tells tracers, and outlives the bus", async () => {
    await using writer = await nats.connect("apiserver");
    const registry = await openRegistry(writer);
    const put = (object: KubeObject, kind: Parameters<typeof registryKey>[0]) =>
      registry.create(registryKey(kind, object.metadata), Buffer.from(JSON.stringify(object)));
    const api = service("default/my-api", { clusterIP: "10.96.0.50" });
    await put(namespace("default"), Kinds.Namespace);
    const revision = await put(api, Kinds.Service);
    const events: HopEvent[] = [];
    using _subscription = writer.subscribe("hop.dns.*", (event) => events.push(event as HopEvent));

    await using dns = await startProcess();
    // It listens after five seconds also when it has not listed all by then.
    await waitFor(async () => (await addressesOf(dns.port)).length > 0);
    expect(await addressesOf(dns.port)).toEqual([`${NAME} 30 A 10.96.0.50`]);
    await waitFor(() =>
      events.some((e) => e.type === "synced" && Number(e.resourceVersion) >= revision),
    );
    expect(events.some(({ type }) => type === "resolved")).toBe(false);

    const resolved = await waitFor(async () => {
      writer.publish("trace.lease", { expires: Date.now() + 5_000 });
      await addressesOf(dns.port);
      return events.find((event) => event.type === "resolved");
    });
    expect(resolved).toMatchObject({
      component: "dns",
      node: "coredns-abc",
      protocol: "UDP",
      question: { name: NAME, type: "A" },
      rcode: "NOERROR",
      answers: ["10.96.0.50"],
      plugin: "kubernetes",
    });

    const moved = service("default/my-api", { clusterIP: "10.96.0.51" });
    const key = registryKey(Kinds.Service, moved.metadata);
    await registry.update(key, Buffer.from(JSON.stringify(moved)), revision);
    await waitFor(async () => (await addressesOf(dns.port))[0]?.endsWith("10.96.0.51"));

    await nats.kill();
    expect(await addressesOf(dns.port)).toEqual([`${NAME} 30 A 10.96.0.51`]);
    const gone = await ask(dns.port, "gone.default.svc.cluster.local.", "A");
    expect(rcodeName(gone.rcode)).toBe("NXDOMAIN");
    await nats.restart();

    const exited = once(dns.child, "exit");
    dns.child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });

  it("starts while the bus is away, answers SERVFAIL, and catches up", async () => {
    await nats.kill();
    await using dns = await startProcess();
    expect(rcodeName((await ask(dns.port, NAME, "A")).rcode)).toBe("SERVFAIL");
    await nats.restart();
    await waitFor(async () => (await addressesOf(dns.port)).length === 1, { timeoutMs: 60_000 });
  });
});

describe("the command line", () => {
  it.each([
    ["--plugins", 0, "kubernetes"],
    ["--help", 0, "--dns.port"],
    ["--conf=/dev/null/Corefile", 2, "the Corefile cannot be read: ENOTDIR"],
    ["--nonsense", 2, "--nonsense"],
  ])("%s", async (flag, code, text) => {
    const child = spawn(process.execPath, [MAIN, flag], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
      });
    }
    const [exitCode] = (await once(child, "close")) as [number];
    expect(output).toContain(text);
    expect(exitCode).toBe(code);
  });

  it("names the place of a mistake in the Corefile", async () => {
    const conf = join(folder, "Wrong");
    await writeFile(conf, ".:0 {\n    whoami\n    cahce 30\n}\n");
    const child = spawn(process.execPath, [MAIN, "--conf", conf], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    const [exitCode] = (await once(child, "close")) as [number];
    expect(output).toContain(
      `kubehop dns: ${conf}:3:5: Unknown directive 'cahce'; expected one of`,
    );
    expect(exitCode).toBe(2);
  });
});
