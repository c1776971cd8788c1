import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, createMetrics, systemClock } from "@kubehop/kit";
import { build } from "../app.ts";
import { namespace, service, slice } from "./cluster-objects.ts";
import { createMemorySource, type MemorySource } from "./memory-source.ts";

/*
 * A process of its own for the benchmark: the server with the cluster's Corefile and SERVICES
 * Services (argument) of five endpoints each. It sends its port to its parent and ends with it.
 */

const COREFILE = `.:0 {
    bind 127.0.0.1
    errors
    health 127.0.0.1:0 { lameduck 5s }
    ready 127.0.0.1:0
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus 127.0.0.1:0
    forward . 127.0.0.1:9
    cache 30
    reload
    loadbalance
}
`;
const ENDPOINTS = 5;

function createCluster(count: number): MemorySource {
  const source = createMemorySource();
  source.namespaces.apply(namespace("default"));
  for (let index = 0; index < count; index++) {
    const key = `default/svc-${index}`;
    const low = `${index >> 8}.${index & 255}`;
    source.services.apply(service(key, { clusterIP: `10.96.${low}` }));
    const endpoints = Array.from({ length: ENDPOINTS }, (_, each) => ({
      addresses: [`10.${100 + each}.${low}`],
    }));
    source.slices.apply(slice(key, { endpoints }));
  }
  return source;
}

const folder = mkdtempSync(join(tmpdir(), "kubehop-dns-bench-"));
const conf = join(folder, "Corefile");
writeFileSync(conf, COREFILE);
const server = await build(
  {
    conf,
    "dns.port": 0,
    plugins: false,
    busUser: "dns",
    busPassword: "",
    logLevel: "warn",
  },
  {
    name: "dns",
    logger: createLogger({ name: "dns", level: "warn" }),
    metrics: createMetrics(),
    clock: systemClock,
    random: Math.random,
    signal: new AbortController().signal,
  },
  {
    env: {},
    abort: () => process.exit(1),
    source: createCluster(Number(process.argv[2] ?? 1000)),
  },
);
rmSync(folder, { recursive: true });
process.once("disconnect", () => process.exit(0));
process.send?.(server.addresses[0]?.port);
