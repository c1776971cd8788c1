/** Ports in the container. */
export const API_PORT = 6443;
export const GATEWAY_PORT = 6444;

/** Folder of the uplink in the container; relay pods mount it. */
export const UPLINK = "/var/lib/kubehop/uplink";

/** What a lab is to be; only what is given is passed on. */
export interface LabSettings {
  readonly nodes: number;
  readonly serviceCidr?: string;
  readonly podCidr?: string;
  readonly logLevel?: string;
  readonly timeoutSeconds: number;
  /** Paths in the container. */
  readonly files: readonly string[];
  /** Names under which the container is reached. */
  readonly altNames: readonly string[];
}

/** The command of the container: `kubehop lab` with everything this module needs. */
export function labCommand(settings: LabSettings): string[] {
  const flags: readonly [string, string | number | undefined][] = [
    ["--nodes", settings.nodes],
    ["--api-port", API_PORT],
    ["--gateway-port", GATEWAY_PORT],
    ["--uplink", UPLINK],
    ["--timeout", settings.timeoutSeconds],
    ["--service-cluster-ip-range", settings.serviceCidr],
    ["--cluster-cidr", settings.podCidr],
    ["--log-level", settings.logLevel],
    ...settings.altNames.map((name): [string, string] => ["--alt-name", name]),
    ...settings.files.map((file): [string, string] => ["--file", file]),
  ];
  const given = flags.filter(([, value]) => value !== undefined);
  return ["lab", ...given.flatMap(([flag, value]) => [flag, String(value)])];
}
