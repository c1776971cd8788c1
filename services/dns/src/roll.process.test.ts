import { waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";
import { ask, type DnsFixture, startDns } from "./testing/dns-fixture.ts";

const HTTP = "127.0.0.1:0";
const COREFILE = `.:0 {
  bind 127.0.0.1
  health ${HTTP} { lameduck 10s }
  ready ${HTTP}
  hosts { 192.0.2.1 a.example }
}`;

/** Whether a pod may get queries: what a kube-proxy learns from its readiness. */
async function isReady({ server }: DnsFixture): Promise<boolean> {
  const port = server.httpPort(HTTP);
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200;
  } catch {
    return false;
  }
}

describe("pods that roll", () => {
  it("lose no query: readiness goes first, answers go on until lameduck ends", async () => {
    const [old, fresh] = [
      await startDns({ corefile: COREFILE }),
      await startDns({ corefile: COREFILE }),
    ];
    let ready: readonly DnsFixture[] = [old, fresh];
    const sent = { count: 0, answered: 0 };
    const asking = new AbortController();
    const worker = async (protocol: "udp" | "tcp"): Promise<void> => {
      while (!asking.signal.aborted) {
        const pod = ready[sent.count++ % ready.length] as DnsFixture;
        const { answers } = await ask(pod.port, "a.example.", "A", { protocol });
        sent.answered += answers.length;
      }
    };
    const load = (["udp", "udp", "udp", "tcp", "tcp"] as const).map(worker);
    await waitFor(() => sent.answered > 50);
    const ended = old[Symbol.asyncDispose]();
    await waitFor(async () => !(await isReady(old)));
    expect(await isReady(fresh)).toBe(true);
    // Before the news is everywhere, queries still come to the pod that goes.
    const during = sent.answered;
    await waitFor(() => sent.answered > during + 50);
    ready = [fresh];
    await ended;
    const after = sent.answered;
    await waitFor(() => sent.answered > after + 20);
    asking.abort();
    await Promise.all(load);
    expect(sent.answered).toBe(sent.count);
    await fresh[Symbol.asyncDispose]();
  });
});
