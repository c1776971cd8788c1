import { findLease, runLeaderElection } from "@kubehop/client";
import { startApiServer, startNats, waitFor } from "@kubehop/testkit";
import { describe, expect, it } from "vitest";

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const REF = { namespace: "kube-system", name: "test-lock" };

describe("leader election", () => {
  it("has one leader at a time, and another when that one is gone", async () => {
    await using nats = await startNats();
    await using apiServer = await startApiServer(nats);
    const leading = new Set<string>();
    let most = 0;
    const candidate = (holderIdentity: string): { stop(): void; done: Promise<void> } => {
      const stop = new AbortController();
      const done = runLeaderElection({
        rest: apiServer.rest,
        claim: { ref: REF, holderIdentity, durationSeconds: 6 },
        retryPeriodMs: 100,
        logger: SILENT,
        signal: stop.signal,
        async lead(signal) {
          leading.add(holderIdentity);
          most = Math.max(most, leading.size);
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          leading.delete(holderIdentity);
        },
      });
      return { stop: () => stop.abort(), done };
    };
    const first = candidate("first");
    await waitFor(() => leading.has("first"));
    const second = candidate("second");
    const renewed = async (): Promise<string | undefined> =>
      (await findLease(apiServer.rest, REF))?.spec?.renewTime;
    const before = await renewed();
    await waitFor(async () => (await renewed()) !== before);
    expect([...leading]).toEqual(["first"]);
    first.stop();
    await waitFor(() => leading.has("second"));
    const lease = await findLease(apiServer.rest, REF);
    expect(lease?.spec).toMatchObject({ holderIdentity: "second", leaseTransitions: 1 });
    await apiServer.kill();
    await waitFor(() => !leading.has("second"), { timeoutMs: 60_000 });
    second.stop();
    await Promise.all([first.done, second.done]);
    expect(most).toBe(1);
  });
});
