import { isIP } from "node:net";
import { resolve } from "node:path";
import { ConfigError, parseDuration } from "@kubehop/kit";
import {
  type Static,
  type TArray,
  type TBoolean,
  type TInteger,
  type TObject,
  type TString,
  Type,
} from "typebox";

/** Flags, environment and defaults of the kubelet. */
export const schema: TObject<{
  kubeconfig: TString;
  nodeName: TString;
  nodeIp: TArray<TString>;
  podCidr: TArray<TString>;
  clusterDns: TArray<TString>;
  clusterDomain: TString;
  rootDir: TString;
  port: TInteger;
  tlsCertFile: TString;
  tlsPrivateKeyFile: TString;
  clientCaFile: TString;
  nodeLabels: TArray<TString>;
  nodeLeaseDurationSeconds: TInteger;
  maxPods: TInteger;
  containerRuntime: TString;
  containerWritableSize: TString;
  dockerEndpoint: TString;
  dockerNetwork: TString;
  image: TString;
  removePodsOnExit: TBoolean;
  podManifestPath: TString;
  crashLoopBackOff: TString;
  crashLoopBackOffMax: TString;
  resolvConf: TString;
  busUrl: TString;
  busUser: TString;
  busPassword: TString;
  logLevel: TString;
}> = Type.Object({
  kubeconfig: Type.String({ description: "File that says where the API server is.", minLength: 1 }),
  nodeName: Type.String({ description: "Name of this node.", minLength: 1 }),
  nodeIp: Type.Array(Type.String(), {
    description: "Addresses of this node, the primary one first.",
    minItems: 1,
  }),
  podCidr: Type.Array(Type.String(), {
    description: "CIDRs of this node's pods, one an IP family: a /24 for IPv4.",
    minItems: 1,
  }),
  clusterDns: Type.Array(Type.String(), {
    description: "Addresses of the cluster's DNS Service.",
    default: ["10.96.0.10"],
  }),
  clusterDomain: Type.String({ description: "The cluster's domain.", default: "cluster.local" }),
  rootDir: Type.String({
    description: "Directory for pods, their volumes and logs; pods outlive the process through it.",
    minLength: 1,
  }),
  port: Type.Integer({
    description: "Port of logs, exec, metrics and health on the node's primary address (TLS).",
    default: 10250,
    minimum: 0,
    maximum: 65535,
  }),
  tlsCertFile: Type.String({ description: "Certificate of that port (PEM).", minLength: 1 }),
  tlsPrivateKeyFile: Type.String({ description: "Key of that certificate (PEM).", minLength: 1 }),
  clientCaFile: Type.String({
    description: "CA that must have signed the certificates of clients (PEM).",
    minLength: 1,
  }),
  nodeLabels: Type.Array(Type.String(), {
    description: "Labels key=value for the Node object.",
    default: [],
  }),
  nodeLeaseDurationSeconds: Type.Integer({
    description: "How long the node's Lease counts; it is renewed each quarter of that.",
    default: 40,
    minimum: 1,
  }),
  maxPods: Type.Integer({ description: "Pods this node takes.", default: 110, minimum: 1 }),
  containerRuntime: Type.String({
    description:
      "What runs pods: netns (processes in namespaces), docker (containers of a Docker Engine) or " +
      "static (nothing: somebody else runs those of --pod-manifest-path).",
    default: "netns",
  }),
  containerWritableSize: Type.String({
    description: "Most a container may write to its root file system (size option of tmpfs).",
    default: "512m",
  }),
  dockerEndpoint: Type.String({
    description: "Socket of the Docker Engine, for --container-runtime docker.",
    default: "unix:///var/run/docker.sock",
  }),
  dockerNetwork: Type.String({
    description: "Network of that engine the node's pods are on.",
    default: "",
  }),
  image: Type.String({
    description: "Image of kubehop itself: of pause containers and of the images kubehop/….",
    default: "kubehop:dev",
  }),
  removePodsOnExit: Type.Boolean({
    description: "Remove the node's containers when the kubelet is stopped (docker).",
    default: false,
  }),
  podManifestPath: Type.String({
    description: "File or directory with pods (YAML) that somebody else runs (docker, static).",
    default: "",
  }),
  crashLoopBackOff: Type.String({
    description: "First pause before a container that ended is started again; doubles each time.",
    default: "10s",
  }),
  crashLoopBackOffMax: Type.String({ description: "Longest such pause.", default: "5m" }),
  resolvConf: Type.String({
    description: "The node's own resolv.conf, for dnsPolicy Default and for the DNS server's pod.",
    default: "/etc/resolv.conf",
  }),
  busUrl: Type.String({ description: "URL of nats-server, nats://host:port.", minLength: 1 }),
  busUser: Type.String({ description: "User of the bus.", default: "component" }),
  busPassword: Type.String({ description: "Password of that user.", default: "" }),
  logLevel: Type.String({
    description: "trace, debug, info, warn, error, fatal or silent.",
    default: "info",
  }),
});

/** What the kubelet was told to do. */
export type Config = Static<typeof schema>;

/** What the flags' types cannot say. */
export interface Settings {
  /** Absolute path. */
  readonly rootDir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** ms. */
  readonly backoff: { readonly base: number; readonly max: number };
}

/** Checks what the flags' types cannot. Throws ConfigError naming the flag. */
export function resolveSettings(config: Config): Settings {
  for (const ip of config.nodeIp) {
    if (isIP(ip) === 0) throw new ConfigError(`--node-ip: "${ip}" is not an IP address.`);
  }
  checkRuntime(config);
  const rootDir = resolve(config.rootDir);
  if (/[,\\\n]/.test(rootDir)) {
    throw new ConfigError(`--root-dir: "${rootDir}" has a character that mount options cannot.`);
  }
  const labels = config.nodeLabels.map((label): [string, string] => {
    const [key = "", value, ...rest] = label.split("=");
    if (key === "" || value === undefined || rest.length > 0) {
      throw new ConfigError(`--node-labels: "${label}" is not of the form key=value.`);
    }
    return [key, value];
  });
  const backoff = {
    base: parseDuration(config.crashLoopBackOff),
    max: parseDuration(config.crashLoopBackOffMax),
  };
  return { rootDir, labels: Object.fromEntries(labels), backoff };
}

function checkRuntime({ containerRuntime, dockerNetwork, podManifestPath }: Config): void {
  if (!["docker", "netns", "static"].includes(containerRuntime)) {
    const known = "there are netns, docker and static";
    throw new ConfigError(`--container-runtime: "${containerRuntime}" is unknown; ${known}.`);
  }
  if (containerRuntime === "docker" && dockerNetwork === "") {
    throw new ConfigError("--docker-network: --container-runtime docker needs the node's network.");
  }
  if (containerRuntime === "static" && podManifestPath === "") {
    throw new ConfigError("--pod-manifest-path: --container-runtime static needs the pods' file.");
  }
  if (containerRuntime === "netns" && podManifestPath !== "") {
    throw new ConfigError(
      "--pod-manifest-path: with --container-runtime netns the node runs its pods itself.",
    );
  }
}
