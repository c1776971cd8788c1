import { randomInt } from "node:crypto";
import type { ConnectionOptions } from "node:tls";
import {
  CLASS_IN,
  decodeMessage,
  encodeMessage,
  Flag,
  type Message,
  rcodeName,
} from "@kubehop/dns-wire";
import type { SetupContext } from "../../plugin.ts";
import type { Query } from "../../query.ts";
import { createHealthCheck } from "./health-check.ts";
import type { ForwardOptions } from "./options.ts";
import { createTcpPool } from "./tcp-pool.ts";
import { createUdpPool, type PoolOptions } from "./udp-pool.ts";
import type { UpstreamAddress } from "./upstream-address.ts";

/** A DNS server that queries are forwarded to. */
export interface Upstream extends AsyncDisposable {
  /** `ip:port`. */
  readonly address: string;
  /** Whether more health checks failed in a row than allowed. */
  down(): boolean;
  /** Asks; rejects when no answer comes in time or it cannot be read. */
  ask(query: Query): Promise<Message>;
  /** Begins to check its health until it answers again; called after an error. */
  startHealthCheck(): void;
}

const PROXY_NAME = "forward";

/** Creates an upstream; it opens nothing before the first query. */
export function createUpstream(
  endpoint: UpstreamAddress,
  options: ForwardOptions,
  { metrics, clock }: SetupContext,
): Upstream {
  const { ip, port } = endpoint;
  const plain = ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
  const address = endpoint.tls ? `tls://${plain}` : plain;
  const { forward } = metrics.plugins;
  const poolOptions = (protocol: string): PoolOptions => ({
    upstream: endpoint,
    timeoutMs: options.readTimeoutMs,
    expireMs: options.expireMs,
    maxIdle: options.maxIdle,
    sourceAddress: options.sourceAddress,
    tls: endpoint.tls ? tlsOptions(endpoint, options) : undefined,
    createId: () => randomInt(0x1_0000),
    onSocket(cached) {
      const family = cached ? forward.connCacheHits : forward.connCacheMisses;
      family(PROXY_NAME, address, protocol).inc();
    },
  });
  const alwaysTcp = options.forceTcp || endpoint.tls;
  const udp = createUdpPool(poolOptions("udp"));
  const tcp = createTcpPool(poolOptions("tcp"));
  const exchange = async (bytes: Buffer, viaTcp: boolean): Promise<Message> =>
    decodeMessage(await (viaTcp ? tcp : udp).exchange(bytes));
  const health = createHealthCheck({
    intervalMs: options.healthCheckMs,
    check: () => exchange(healthQuery(options), alwaysTcp),
    onFailure: () => forward.healthcheckFailures(PROXY_NAME, address).inc(),
  });
  return {
    address,
    down: () => options.maxFails > 0 && health.failures() > options.maxFails,
    async ask(query) {
      const started = clock.monotonic();
      const bytes = toUpstream(query);
      const viaTcp = alwaysTcp || (query.protocol === "tcp" && !options.preferUdp);
      let answer = await exchange(bytes, viaTcp);
      if (!viaTcp && options.preferUdp && (answer.flags & Flag.TC) !== 0) {
        answer = await exchange(bytes, true);
      }
      const seconds = (clock.monotonic() - started) / 1000;
      const rcode = rcodeName(answer.rcode);
      forward.requestDuration(PROXY_NAME, address, rcode).observe(seconds);
      return answer;
    },
    startHealthCheck() {
      if (options.maxFails > 0) health.start();
    },
    async [Symbol.asyncDispose]() {
      health[Symbol.dispose]();
      await Promise.all([udp[Symbol.asyncDispose](), tcp[Symbol.asyncDispose]()]);
    },
  };
}

/** A certificate is checked against the configured name, else against the address. */
function tlsOptions(
  { ip, serverName }: UpstreamAddress,
  { tls, tlsServerName }: ForwardOptions,
): ConnectionOptions {
  const name = serverName ?? tlsServerName;
  return { ...tls, ...(name === undefined ? { host: ip } : { servername: name }) };
}

/** The client's question with its flags and EDNS; the pool replaces the id. */
function toUpstream({ id, flags, opcode, question, edns }: Query): Buffer {
  const message = {
    id,
    flags: flags & (Flag.RD | Flag.CD | Flag.AD),
    opcode,
    rcode: 0,
    questions: [question],
    answers: [],
    authorities: [],
    additionals: [],
  };
  return encodeMessage(edns === undefined ? message : { ...message, edns });
}

function healthQuery({ healthCheckDomain, healthCheckRecursion }: ForwardOptions): Buffer {
  return encodeMessage({
    id: 0,
    flags: healthCheckRecursion ? Flag.RD : 0,
    opcode: 0,
    rcode: 0,
    questions: [{ name: healthCheckDomain, type: "NS", class: CLASS_IN }],
    answers: [],
    authorities: [],
    additionals: [],
  });
}
