import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { Kit, RunningService } from "@kubehop/kit";
import { checkTcp, listenUdp, mirrorTcp, type RelayOptions } from "@kubehop/tunnel";
import { type Config, parsePortPair } from "./config.ts";
import { UPLINK_SOCKET } from "./uplink-socket.ts";

const HOST = "0.0.0.0";
const DIAL_TIMEOUT_MS = 5_000;
const READY_TIMEOUT_MS = 1_000;

/**
 * Builds a relay: the program of a pod that stands for something outside the sandbox. It listens
 * on the pod's ports as long as the target does, and connects to it through the uplink.
 */
export async function build(config: Config, { logger }: Kit): Promise<RunningService> {
  const tcp = config.tcp.map((text) => toOptions(config, "TCP", text));
  const udp = config.udp.map((text) => toOptions(config, "UDP", text));
  await using stack = new AsyncDisposableStack();
  for (const options of udp) stack.use(await listenUdp(options));
  const stop = new AbortController();
  const mirrors = tcp.map((options) =>
    mirrorTcp(
      {
        ...options,
        onFailure: ({ message }) =>
          logger.warn({ error: message }, "target does not accept; port closed"),
      },
      stop.signal,
    ),
  );
  const problems: string[] = [];
  for (const mirror of mirrors) {
    mirror.catch(({ message }: Error) => {
      problems.push(message);
      logger.error({ error: message }, "a port cannot be listened on");
    });
  }
  stack.defer(async () => {
    stop.abort();
    await Promise.allSettled(mirrors);
  });
  stack.use(
    await serveReadiness(
      config.readyPort,
      tellChanges(logger, () => checkAll(tcp, problems)),
    ),
  );
  const owned = stack.move();
  return { ready: () => true, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function toOptions(config: Config, protocol: "TCP" | "UDP", text: string): RelayOptions {
  const { port, targetPort } = parsePortPair(text);
  return {
    host: HOST,
    port,
    open: () => openUplink(config.uplink),
    target: { protocol, host: config.target, port: targetPort },
    dialTimeoutMs: DIAL_TIMEOUT_MS,
  };
}

async function openUplink(directory: string): Promise<Duplex> {
  const socket = connect(join(directory, UPLINK_SOCKET));
  await once(socket, "connect");
  return socket;
}

/** What is wrong with the targets now. */
async function checkAll(
  targets: readonly RelayOptions[],
  problems: readonly string[],
): Promise<string[]> {
  const results = await Promise.allSettled(
    targets.map((options) => checkTcp({ ...options, dialTimeoutMs: READY_TIMEOUT_MS })),
  );
  const failures = results.filter((result) => result.status === "rejected");
  return [...problems, ...failures.map(({ reason }) => (reason as Error).message)];
}

/** Logs what is wrong when it is not what was wrong before. */
function tellChanges(logger: Kit["logger"], check: () => Promise<string[]>) {
  let told = "";
  return async (): Promise<string[]> => {
    const failures = await check();
    const text = failures.join("; ");
    if (text !== told && text !== "") logger.warn({ error: text }, "not ready");
    if (text !== told && text === "") logger.info("ready");
    told = text;
    return failures;
  };
}

/** Asked by the kubelet's probe: the targets are tried for each answer. */
async function serveReadiness(
  port: number,
  check: () => Promise<string[]>,
): Promise<AsyncDisposable> {
  const server = createServer(async (_request, response) => {
    const failures = await check();
    response.statusCode = failures.length === 0 ? 200 : 503;
    response.end(`${failures.join("\n") || "ok"}\n`);
  });
  server.listen(port, HOST);
  await once(server, "listening");
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
