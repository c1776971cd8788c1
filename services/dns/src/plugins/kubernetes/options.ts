import { labelSelectorMatches, parseLabelSelector, type Selector } from "@kubehop/api";
import type { ApiServerAccess } from "../../cluster/cluster-access.ts";
import { CorefileError } from "../../corefile/corefile-error.ts";
import {
  type Directive,
  invalidArgument,
  parseNumber,
  readProperties,
  takeArguments,
} from "../../corefile/directive.ts";
import { parseDurationArgument } from "../../corefile/duration.ts";
import { parseZones } from "../../corefile/server-key.ts";
import type { SetupContext } from "../../plugin.ts";
import { createFallthrough, type Fallthrough, isInZone, type Zones } from "../../zones.ts";
import { createApiProperties } from "./api-options.ts";

/** How pod names (`1-2-3-4.ns.pod.zone`) are answered. */
export type PodMode = "disabled" | "insecure" | "verified";

/** Whether an object's labels are wanted. */
export type LabelFilter = (labels: Readonly<Record<string, string>> | undefined) => boolean;

/** What a `kubernetes` directive says. */
export interface KubernetesOptions {
  readonly zones: Zones;
  /** The first zone that is not a reverse zone: where PTR records point to. */
  readonly primaryZone: string;
  readonly pods: PodMode;
  /** Seconds, for every record and the SOA. */
  readonly ttl: number;
  readonly fallthrough: Fallthrough;
  /** Namespaces that have names; empty for all. */
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceLabels: LabelFilter | undefined;
  readonly labels: LabelFilter | undefined;
  readonly endpointPodNames: boolean;
  readonly noEndpoints: boolean;
  readonly ignoreEmptyService: boolean;
  readonly startupTimeoutMs: number;
  /** Names `ZONE.pin|prefer._zone.SERVICE…` of headless Services' endpoints in a zone. */
  readonly zonal: boolean;
  /** The API server to follow; undefined for the bus. */
  readonly apiServer: ApiServerAccess | undefined;
}

type Draft = { -readonly [K in keyof KubernetesOptions]: KubernetesOptions[K] };

const DEFAULT_TTL = 5;
const MAX_TTL = 3_600;
const DEFAULT_STARTUP_TIMEOUT_MS = 5_000;
/** Reads a `kubernetes` directive. Throws CorefileError for what it does not understand. */
export function readKubernetesOptions(
  directive: Directive,
  { zones: blockZones, folder }: Pick<SetupContext, "zones" | "folder">,
): KubernetesOptions {
  const own = directive.args.flatMap((token) => parseZones(token));
  const zones = own.length > 0 ? own : blockZones;
  const primaryZone = zones.find((zone) => !isReverse(zone));
  if (primaryZone === undefined) {
    const text = "kubernetes: expected at least one zone that is not a reverse zone";
    throw new CorefileError(directive.position, text);
  }
  const options: Draft = {
    zones,
    primaryZone,
    pods: "disabled",
    ttl: DEFAULT_TTL,
    fallthrough: createFallthrough(undefined),
    namespaces: new Set(),
    namespaceLabels: undefined,
    labels: undefined,
    endpointPodNames: false,
    noEndpoints: false,
    ignoreEmptyService: false,
    startupTimeoutMs: DEFAULT_STARTUP_TIMEOUT_MS,
    zonal: false,
    apiServer: undefined,
  };
  const api = createApiProperties(folder);
  readProperties(directive, { ...propertiesOf(options), ...api.properties });
  options.apiServer = api.finish();
  if (options.zonal && options.noEndpoints) {
    const text = "kubernetes: zonal and noendpoints cannot both be set";
    throw new CorefileError(directive.position, text);
  }
  if (options.namespaces.size > 0 && options.namespaceLabels !== undefined) {
    const text = "kubernetes: namespaces and namespace_labels cannot both be set";
    throw new CorefileError(directive.position, text);
  }
  return options;
}

function propertiesOf(options: Draft): Record<string, (property: Directive) => void> {
  return {
    ...filterProperties(options),
    pods(property) {
      options.pods = parsePodMode(property);
    },
    ttl(property) {
      const [text = ""] = takeArguments(property, { min: 1, max: 1, syntax: "ttl SECONDS" });
      options.ttl = parseNumber(property, text, { min: 0, max: MAX_TTL });
    },
    fallthrough(property) {
      options.fallthrough = createFallthrough(property.args.flatMap((token) => parseZones(token)));
    },
    endpoint_pod_names(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "endpoint_pod_names" });
      options.endpointPodNames = true;
    },
    noendpoints(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "noendpoints" });
      options.noEndpoints = true;
    },
    ignore(property) {
      const [what = ""] = takeArguments(property, {
        min: 1,
        max: 1,
        syntax: "ignore empty_service",
      });
      if (what !== "empty_service") throw invalidArgument(property, what, "empty_service");
      options.ignoreEmptyService = true;
    },
    startup_timeout(property) {
      const range = { min: 1, max: 1, syntax: "startup_timeout DURATION" };
      const [text = ""] = takeArguments(property, range);
      options.startupTimeoutMs = parseDurationArgument(property, text);
    },
    zonal(property) {
      takeArguments(property, { min: 0, max: 0, syntax: "zonal" });
      options.zonal = true;
    },
    multicluster: refuse,
  };
}

function filterProperties(options: Draft): Record<string, (property: Directive) => void> {
  return {
    namespaces(property) {
      const range = { min: 1, max: 1_000, syntax: "namespaces NAMESPACE…" };
      options.namespaces = new Set(takeArguments(property, range));
    },
    namespace_labels(property) {
      options.namespaceLabels = parseLabels(property);
    },
    labels(property) {
      options.labels = parseLabels(property);
    },
  };
}

function parsePodMode(property: Directive): PodMode {
  const range = { min: 1, max: 1, syntax: "pods disabled|insecure|verified" };
  const [mode = ""] = takeArguments(property, range);
  if (mode === "disabled" || mode === "insecure" || mode === "verified") return mode;
  throw invalidArgument(property, mode, "disabled, insecure or verified");
}

function parseLabels(property: Directive): LabelFilter {
  const range = { min: 1, max: 1_000, syntax: `${property.name} SELECTOR` };
  const text = takeArguments(property, range).join(" ");
  let selector: Selector;
  try {
    selector = parseLabelSelector(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CorefileError(property.position, `${property.name}: "${text}": ${reason}`);
  }
  return (labels) => labelSelectorMatches(selector, labels ?? {});
}

/** CoreDNS would wait for ServiceImport objects for ever where nobody serves them. */
function refuse(property: Directive): never {
  const text =
    'the property "multicluster" is not supported: ' +
    "there are no ServiceImport objects (Multi-Cluster Services API) here";
  throw new CorefileError(property.position, text);
}

function isReverse(zone: string): boolean {
  return isInZone(zone, "in-addr.arpa.") || isInZone(zone, "ip6.arpa.");
}
