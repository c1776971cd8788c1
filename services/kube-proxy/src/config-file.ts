import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ConfigError, envName } from "@kubehop/kit";
import { isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { Config } from "./config.ts";

const API_VERSION = "kubeproxy.config.k8s.io/v1alpha1";
const KIND = "KubeProxyConfiguration";

type Variables = Readonly<Record<string, string | undefined>>;

/** What a field is worth here: the property it sets, from its text; nothing for one without effect. */
type Meaning = (value: string) => Readonly<Partial<Record<keyof Config, string>>>;

const unused: Meaning = () => ({});
const as =
  (property: keyof Config): Meaning =>
  (value) => ({ [property]: value });
const portOf =
  (property: keyof Config): Meaning =>
  (value) => {
    const port = /:(\d+)$/.exec(value)?.[1];
    if (port === undefined) throw new ConfigError(`"${value}" is not ADDRESS:PORT`);
    return { [property]: port };
  };

/** Fields that have no effect here. */
const WITHOUT_EFFECT = `
  bindAddress bindAddressHardFail configSyncPeriod detectLocalMode enableProfiling featureGates.*
  logging.* nodePortAddresses oomScoreAdj portRange showHiddenMetricsForVersion
  windowsRunAsService winkernel.* conntrack.*
  clientConnection.acceptContentTypes clientConnection.burst clientConnection.contentType
  clientConnection.qps detectLocal.bridgeInterface detectLocal.interfaceNamePrefix
  iptables.localhostNodePorts iptables.masqueradeAll iptables.masqueradeBit
  nftables.masqueradeAll nftables.masqueradeBit
  ipvs.excludeCIDRs ipvs.scheduler ipvs.strictARP ipvs.tcpFinTimeout ipvs.tcpTimeout
  ipvs.udpTimeout`;

/**
 * Every field of upstream's KubeProxyConfiguration, by its path; `*` takes whatever is below. Those
 * that have no effect here are read all the same, so that a file of a cluster can be used.
 */
const FIELDS: Readonly<Record<string, Meaning>> = {
  apiVersion: unused,
  kind: unused,
  mode: (value) => ({ proxyMode: value === "" ? "iptables" : value }),
  hostnameOverride: as("nodeName"),
  clusterCIDR: as("clusterCidr"),
  healthzBindAddress: portOf("healthzPort"),
  metricsBindAddress: portOf("metricsPort"),
  "clientConnection.kubeconfig": as("kubeconfig"),
  "iptables.minSyncPeriod": as("minSyncPeriod"),
  "iptables.syncPeriod": as("syncPeriod"),
  "nftables.minSyncPeriod": as("minSyncPeriod"),
  "nftables.syncPeriod": as("syncPeriod"),
  "ipvs.minSyncPeriod": as("minSyncPeriod"),
  "ipvs.syncPeriod": as("syncPeriod"),
  "detectLocal.clusterCIDRs": as("clusterCidr"),
  ...Object.fromEntries(
    WITHOUT_EFFECT.trim()
      .split(/\s+/)
      .map((path) => [path, unused]),
  ),
};

/** The file that `--config`, or KUBEHOP_CONFIG, names. */
export function configFileOf(argv: readonly string[], env: Variables): string | undefined {
  const options = { config: { type: "string" } } as const;
  const { values } = parseArgs({ args: argv.slice(2), options, strict: false });
  const file = values.config ?? env[envName("config")];
  return typeof file === "string" && file !== "" ? file : undefined;
}

/**
 * Reads a KubeProxyConfiguration (YAML or JSON) as environment variables of this program. Throws
 * ConfigError, with the line, for what is no such configuration and for a field upstream's has not.
 */
export function readConfigFile(file: string): Record<string, string> {
  const fail = (what: string, line?: number): never => {
    throw new ConfigError(`${file}${line === undefined ? "" : `:${line}`}: ${what}.`);
  };
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    fail(`cannot be read: ${(error as Error).message}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [wrong] = document.errors;
  if (wrong !== undefined) fail(wrong.message.split("\n")[0] ?? "", wrong.linePos?.[0].line);
  const root = document.contents;
  if (!isMap(root)) return fail(`holds no ${KIND}`);
  const { apiVersion, kind } = document.toJS() as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== API_VERSION || kind !== KIND) fail(`must be ${KIND} of ${API_VERSION}`);
  return Object.fromEntries(
    fieldsOf(root, "").flatMap(({ path, value, offset }) => {
      const { line } = lines.linePos(offset);
      const meaning = FIELDS[path];
      if (meaning === undefined) return fail(`unknown field "${path}"`, line);
      try {
        const given = Object.entries(meaning(value)).filter(([, text]) => text !== "");
        return given.map(([property, text]): [string, string] => [envName(property), text]);
      } catch (error) {
        return fail(`${path}: ${(error as Error).message}`, line);
      }
    }),
  );
}

interface Field {
  readonly path: string;
  readonly value: string;
  readonly offset: number;
}

/** Every field that is not itself a map of known fields. */
function fieldsOf(map: YAMLMap, prefix: string): Field[] {
  return map.items.flatMap(({ key, value }: Pair): Field[] => {
    const path = `${prefix}${isScalar(key) ? String(key.value) : ""}`;
    const whole = `${path}.*` in FIELDS;
    if (isMap(value) && !whole) return fieldsOf(value, `${path}.`);
    const text = textOf(value);
    const isEmptyGroup =
      text === "" && Object.keys(FIELDS).some((one) => one.startsWith(`${path}.`));
    const [offset = 0] = (isScalar(key) ? key.range : undefined) ?? [];
    return isEmptyGroup ? [] : [{ path: whole ? `${path}.*` : path, value: text, offset }];
  });
}

function textOf(value: unknown): string {
  if (isScalar<string | number | boolean | null>(value)) return String(value.value ?? "");
  if (isSeq(value)) return value.items.map(textOf).join(",");
  return "";
}
