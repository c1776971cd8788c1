import { ConfigError, HELP, parseConfig } from "@kubehop/kit";
import { describe, expect, it } from "vitest";
import { type Config, resolveSettings, schema } from "./config.ts";

describe("resolveSettings", () => {
  const roomy = { openFiles: 1_000_000, cores: 2 };

  it("gives upstream's defaults in milliseconds", () => {
    expect(resolveSettings(configOf(), roomy)).toEqual({
      forwarder: {
        dialTimeoutMs: 250,
        dialTries: 4,
        halfClosedTimeoutMs: 3_600_000,
        udpIdleTimeoutMs: 30_000,
        maxConnections: 16_384,
        maxUdpFlows: 8_192,
        bindRetryMs: 1_000,
        portableAccept: false,
        workers: 1,
      },
      minSyncPeriodMs: 0,
      syncPeriodMs: 30_000,
    });
  });

  it("lowers the limits to what the open files allow: two for a connection, one for a flow", () => {
    const { forwarder } = resolveSettings(configOf(), { openFiles: 9_024, cores: 2 });
    expect(forwarder).toMatchObject({ maxConnections: 3_000, maxUdpFlows: 2_000 });
  });

  it.each([
    [0, 2, 1],
    [0, 7, 1],
    [0, 8, 2],
    [0, 64, 4],
    [3, 2, 3],
  ])("with --workers=%i on %i cores runs %i", (workers, cores, expected) => {
    const config = configOf(`--workers=${workers}`);
    const { forwarder } = resolveSettings(config, { openFiles: 9_024, cores });
    expect(forwarder.workers).toBe(expected);
  });

  it("takes several node addresses and pod CIDRs", () => {
    const config = configOf("--node-ip=172.31.0.11,fd00::11", "--cluster-cidr=10.244.0.0/16");
    expect(config).toMatchObject({
      nodeIp: ["172.31.0.11", "fd00::11"],
      clusterCidr: ["10.244.0.0/16"],
    });
  });

  it.each([
    ["--node-ip=localhost", '--node-ip: "localhost" is not an IP address.'],
    ["--dial-timeout=0", '--dial-timeout: "0" must be longer than 0s.'],
    ["--udp-idle-timeout=-1s", '--udp-idle-timeout: "-1s" must not be negative.'],
    ["--sync-period=often", '--sync-period: "often" is not a duration'],
  ])("refuses %s", (flag, message) => {
    expect(() => resolveSettings(configOf(flag), roomy)).toThrow(ConfigError);
    expect(() => resolveSettings(configOf(flag), roomy)).toThrow(message);
  });
});

function configOf(...flags: string[]): Config {
  const env = {
    KUBEHOP_NODE_NAME: "node-1",
    KUBEHOP_NODE_IP: "127.0.0.1",
    KUBEHOP_BUS_URL: "nats://127.0.0.1:4222",
  };
  const config = parseConfig(schema, { argv: flags, env });
  if (config === HELP) throw new Error("no help was asked for");
  return config;
}
