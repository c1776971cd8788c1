import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kubehop/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configFileOf, readConfigFile } from "./config-file.ts";

const HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

/** The ConfigMap of kube-proxy that kubeadm writes, shortened by nothing that is a field. */
const KUBEADM = `${HEAD}bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: "0.0.0.0:20256"
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 15s
ipvs:
  excludeCIDRs: null
  strictARP: false
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
metricsBindAddress: ""
mode: "nftables"
nftables:
  masqueradeAll: false
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
`;

describe("readConfigFile", () => {
  let folder = "";
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "kube-proxy-"))));
  afterAll(() => rmSync(folder, { recursive: true }));

  function read(text: string): Record<string, string> {
    const file = join(folder, "config.yaml");
    writeFileSync(file, text);
    return readConfigFile(file);
  }

  it("takes a cluster's file", () => {
    const text = KUBEADM.replace('metricsBindAddress: ""', "metricsBindAddress: 127.0.0.1:10249");
    expect(read(text)).toEqual({
      KUBEHOP_KUBECONFIG: "/var/lib/kube-proxy/kubeconfig.conf",
      KUBEHOP_CLUSTER_CIDR: "10.244.0.0/16",
      KUBEHOP_HEALTHZ_PORT: "20256",
      KUBEHOP_METRICS_PORT: "10249",
      KUBEHOP_MIN_SYNC_PERIOD: "0s",
      KUBEHOP_SYNC_PERIOD: "15s",
      KUBEHOP_PROXY_MODE: "nftables",
    });
  });

  it("means iptables by an empty mode, as upstream, and takes JSON", () => {
    const json = {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "",
      detectLocal: { clusterCIDRs: ["10.244.0.0/16", "fd00::/48"] },
    };
    expect(read(JSON.stringify(json))).toEqual({
      KUBEHOP_PROXY_MODE: "iptables",
      KUBEHOP_CLUSTER_CIDR: "10.244.0.0/16,fd00::/48",
    });
  });

  it.each([
    [`${HEAD}mode: nftables\nmod: x\n`, 'config.yaml:4: unknown field "mod".'],
    [
      `${HEAD}iptables:\n  minSyncPeriods: 1s\n`,
      'config.yaml:4: unknown field "iptables.minSyncPeriods".',
    ],
    [
      `${HEAD}healthzBindAddress: everywhere\n`,
      'config.yaml:3: healthzBindAddress: "everywhere" is not',
    ],
    [`${HEAD}mode: [\n`, "config.yaml:4:"],
    ["kind: KubeProxyConfiguration\n", "must be KubeProxyConfiguration of kubeproxy.config.k8s.io"],
    ["- 1\n", "holds no KubeProxyConfiguration"],
    ["", "holds no KubeProxyConfiguration"],
  ])("refuses %j", (text, message) => {
    expect(() => read(text)).toThrow(ConfigError);
    expect(() => read(text)).toThrow(message);
  });

  it("says that a file is not there", () => {
    expect(() => readConfigFile(join(folder, "none"))).toThrow("none: cannot be read: ENOENT");
  });
});

describe("configFileOf", () => {
  it("takes the flag before the environment", () => {
    const argv = ["node", "main.ts", "--proxy-mode", "nftables", "--config", "/a"];
    expect(configFileOf(argv, { KUBEHOP_CONFIG: "/b" })).toBe("/a");
    expect(configFileOf(["node", "main.ts", "--config=/c"], {})).toBe("/c");
    expect(configFileOf(["node", "main.ts"], { KUBEHOP_CONFIG: "/b" })).toBe("/b");
    expect(configFileOf(["node", "main.ts"], {})).toBeUndefined();
  });
});
