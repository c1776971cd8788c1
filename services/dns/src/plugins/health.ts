import { setTimeout as delay } from "node:timers/promises";
import { splitHostPort } from "@kubehop/kit";
import { onlyDirective, readProperties, takeArguments } from "../corefile/directive.ts";
import { parseDurationArgument } from "../corefile/duration.ts";
import { parseListen } from "../corefile/listen-argument.ts";
import type { Plugin, SetupContext } from "../plugin.ts";

const DEFAULT_LISTEN = ":8080";
const POLL_MS = 1_000;
const POLL_TIMEOUT_MS = 5_000;

/** GET /health answers 200 as long as the process lives; `lameduck` delays its end. */
export const health: Plugin = {
  name: "health",
  setup(directives, context) {
    const directive = onlyDirective(directives);
    const [address] = takeArguments(directive, { min: 0, max: 1, syntax: "health [ADDRESS]" });
    const listen = parseListen(directive, address, DEFAULT_LISTEN);
    let lameduckMs = 0;
    readProperties(directive, {
      lameduck(property) {
        const range = { min: 1, max: 1, syntax: "lameduck DURATION" };
        const [text = ""] = takeArguments(property, range);
        lameduckMs = parseDurationArgument(property, text);
      },
    });
    const poll = createOverloadPoll(listen, context);
    return {
      endpoints: [{ listen, path: "/health", answer: () => ({ status: 200, body: "OK" }) }],
      start: async () => poll.start(),
      async lameduck() {
        if (lameduckMs === 0) return;
        context.logger.info({ plugin: "health", lameduckMs }, "going into lameduck mode");
        await delay(lameduckMs);
      },
      stop: async () => poll.stop(),
    };
  },
};

/**
 * Asks its own path once a second: the time that takes is how overloaded the process is, as in
 * CoreDNS. A port that is not known before it is bound (0) is not asked.
 */
function createOverloadPoll(
  listen: string,
  { metrics, clock }: SetupContext,
): { start(): void; stop(): void } {
  const { host, port } = splitHostPort(listen);
  const url = `http://${urlHost(host)}:${port}/health`;
  let timer: NodeJS.Timeout | undefined;
  const poll = async (): Promise<void> => {
    const asked = clock.monotonic();
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(POLL_TIMEOUT_MS) });
      await answer.arrayBuffer();
    } catch {
      metrics.plugins.health.failures.inc();
    }
    metrics.plugins.health.duration.observe((clock.monotonic() - asked) / 1000);
  };
  return {
    start() {
      if (port !== 0) timer = setInterval(() => void poll(), POLL_MS).unref();
    },
    stop: () => clearInterval(timer),
  };
}

/** A wildcard address is reached over loopback. */
function urlHost(host: string): string {
  if (host === "" || host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
