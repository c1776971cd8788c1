import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createForwarderStats } from "../../forwarder-stats.ts";
import { createUdpFlows, type TrackedFlow } from "./udp-flows.ts";

describe("createUdpFlows", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("ends a flow that was idle for the time-out, and not one that was not", () => {
    const { add, active, ended } = setUp({ idleTimeoutMs: 1_600 });
    add("idle");
    add("busy");
    for (let passed = 0; passed < 1_600; passed += 100) {
      active.add("busy");
      vi.advanceTimersByTime(100);
    }
    expect(ended).toEqual([]);
    active.add("busy");
    vi.advanceTimersByTime(200);
    expect(ended).toEqual(["idle"]);
  });

  it("ends the flow that was idle for longest when there is no room", () => {
    const { add, active, ended, stats } = setUp({ maxFlows: 3 });
    for (const name of ["a", "b", "c"]) add(name);
    active.add("a");
    vi.advanceTimersByTime(2_000);
    add("d");
    expect(ended).toEqual(["b"]);
    active.add("c");
    vi.advanceTimersByTime(2_000);
    add("e");
    expect(ended).toEqual(["b", "a"]);
    expect(stats).toMatchObject({ udpFlows: 5, udpFlowsOpen: 3, udpFlowsEvicted: 2 });
  });

  it("holds fifty thousand flows and no more, whoever asks for another", () => {
    const [maxFlows, extra] = [50_000, 5_000];
    const { add, active, ended, stats } = setUp({ maxFlows });
    for (let n = 0; n < maxFlows; n++) add(`flow ${n}`);
    for (let n = 0; n < extra; n++) active.add(`flow ${n}`);
    vi.advanceTimersByTime(2_000);
    for (let n = 0; n < extra; n++) add(`extra ${n}`);
    expect(stats).toMatchObject({ udpFlowsOpen: maxFlows, udpFlowsEvicted: extra });
    // The active ones stay; of the others those that came first make room.
    expect([ended[0], ended.at(-1)]).toEqual([`flow ${extra}`, `flow ${2 * extra - 1}`]);
    vi.advanceTimersByTime(40_000);
    expect(stats.udpFlowsOpen).toBe(0);
  });

  it("ends every flow when it is disposed", () => {
    const { add, ended, flows } = setUp();
    for (const name of ["a", "b"]) add(name);
    flows[Symbol.dispose]();
    expect(ended).toEqual(["a", "b"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function setUp({ maxFlows = 10, idleTimeoutMs = 30_000 } = {}) {
  const stats = createForwarderStats();
  const flows = createUdpFlows({ maxFlows, idleTimeoutMs, stats });
  const active = new Set<string>();
  const ended: string[] = [];
  const add = (name: string): void => {
    const flow: TrackedFlow = {
      takeActivity: () => active.delete(name),
      end() {
        ended.push(name);
        flows.delete(flow);
      },
    };
    flows.add(flow);
  };
  return { flows, stats, active, ended, add };
}
