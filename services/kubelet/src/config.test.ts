import { type ConfigError, HELP, parseConfig } from "@kubehop/kit";
import { describe, expect, it } from "vitest";
import { type Config, resolveSettings, schema } from "./config.ts";

const NEEDED = {
  kubeconfig: "/k",
  "node-name": "node-1",
  "node-ip": "172.31.0.11",
  "pod-cidr": "10.244.1.0/24",
  "root-dir": "/r",
  "tls-cert-file": "/c",
  "tls-private-key-file": "/p",
  "client-ca-file": "/a",
  "bus-url": "nats://x:4222",
};

function parse(flags: Readonly<Record<string, string>> = {}): Config {
  const argv = Object.entries({ ...NEEDED, ...flags }).map(([flag, value]) => `--${flag}=${value}`);
  const config = parseConfig(schema, { argv, env: {} });
  if (config === HELP) throw new Error("help was not asked for");
  return config;
}

describe("the kubelet's configuration", () => {
  it("has upstream's defaults", () => {
    expect(parse()).toMatchObject({
      port: 10250,
      clusterDns: ["10.96.0.10"],
      clusterDomain: "cluster.local",
      nodeLeaseDurationSeconds: 40,
      podCidr: ["10.244.1.0/24"],
    });
    expect(resolveSettings(parse()).backoff).toEqual({ base: 10_000, max: 300_000 });
  });

  it("reads labels and makes the root directory absolute", () => {
    const settings = resolveSettings(parse({ "node-labels": "a=b,c=", "root-dir": "x" }));
    expect(settings.labels).toEqual({ a: "b", c: "" });
    expect(settings.rootDir).toMatch(/^\/.*\/x$/);
  });

  it.each([
    ["node-ip", "node", '--node-ip: "node" is not an IP address.'],
    ["container-runtime", "podman", '--container-runtime: "podman" is unknown; there are netns'],
    ["container-runtime", "docker", "--docker-network: --container-runtime docker needs"],
    ["container-runtime", "static", "--pod-manifest-path: --container-runtime static needs"],
    ["pod-manifest-path", "/m", "--pod-manifest-path: with --container-runtime netns"],
    ["node-labels", "a", '--node-labels: "a" is not of the form key=value.'],
    ["crash-loop-back-off", "soon", '"soon" is not a duration'],
    ["root-dir", "/a,b", '--root-dir: "/a,b" has a character that mount options cannot.'],
  ])("refuses --%s=%s", (flag, value, message) => {
    expect(() => resolveSettings(parse({ [flag]: value }))).toThrow(
      expect.objectContaining<Partial<ConfigError>>({
        name: "ConfigError",
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
