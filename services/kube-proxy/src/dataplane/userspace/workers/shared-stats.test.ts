import { describe, expect, it } from "vitest";
import { createForwarderStats } from "../../../forwarder-stats.ts";
import { createStatsMemory, statsIn, sumUp } from "./shared-stats.ts";

describe("statistics in shared memory", () => {
  it("are seen through every view of the same memory", () => {
    const memory = createStatsMemory();
    const [writer, reader] = [statsIn(memory), statsIn(memory)];
    writer.bytesIn += 7;
    writer.rejected.DialFailed += 2;
    expect(reader).toEqual({
      ...createForwarderStats(),
      bytesIn: 7,
      rejected: { ...createForwarderStats().rejected, DialFailed: 2 },
    });
  });

  it("sum up, whenever they are read, with what was counted before", () => {
    const parts = [statsIn(createStatsMemory()), statsIn(createStatsMemory())] as const;
    const stats = createForwarderStats();
    stats.tcpConnections = 5;
    sumUp(stats, parts);
    parts[0].tcpConnections += 1;
    parts[1].tcpConnections += 10;
    parts[1].rejected.LimitReached += 3;
    expect(stats.tcpConnections).toBe(16);
    expect(stats.rejected.LimitReached).toBe(3);
    expect(stats.udpFlows).toBe(0);
  });
});
