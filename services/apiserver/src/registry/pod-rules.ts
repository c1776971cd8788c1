import {
  duplicate,
  invalidValue,
  isDNS1123Label,
  isDNS1123Subdomain,
  isQualifiedName,
  notSupported,
  required,
  type HostAlias,
  type PodSpec,
  type StatusCause,
  type Toleration,
} from "@kubehop/api";
import { checkedText, nonNegative, requiredOneOf, requiredText } from "./common-rules.ts";
import { containerCauses } from "./container-rules.ts";
import { ephemeralContainerCauses } from "./ephemeral-container-rules.ts";
import { ipCauses } from "./ip-rules.ts";
import { labelCauses } from "./object-meta.ts";
import { volumeCauses } from "./volume-rules.ts";

const MAX_NAMESERVERS = 3;
const MAX_SEARCHES = 32;
const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];

/** Rules of a pod's spec, for pods and templates (pkg/apis/core/validation). */
export function podSpecCauses(field: string, spec: PodSpec): StatusCause[] {
  const volumes = new Set((spec.volumes ?? []).map((volume) => volume.name));
  return [
    ...volumeCauses(`${field}.volumes`, spec.volumes ?? []),
    ...(spec.containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containersCauses(field, spec, volumes),
    ...ephemeralContainerCauses(`${field}.ephemeralContainers`, spec, volumes),
    ...requiredOneOf(`${field}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...requiredOneOf(`${field}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...dnsConfigCauses(field, spec),
    ...nonNegative(`${field}.terminationGracePeriodSeconds`, spec.terminationGracePeriodSeconds),
    ...activeDeadlineCauses(`${field}.activeDeadlineSeconds`, spec.activeDeadlineSeconds),
    ...labelCauses(`${field}.nodeSelector`, spec.nodeSelector),
    ...checkedText(`${field}.serviceAccountName`, spec.serviceAccountName, isDNS1123Subdomain),
    ...checkedText(`${field}.nodeName`, spec.nodeName, isDNS1123Subdomain),
    ...checkedText(`${field}.hostname`, spec.hostname, isDNS1123Label),
    ...checkedText(`${field}.subdomain`, spec.subdomain, isDNS1123Label),
    ...(spec.hostAliases ?? []).flatMap(
      ({ ip = "", hostnames = [] }: Partial<HostAlias>, index) => [
        ...ipCauses(`${field}.hostAliases[${index}].ip`, ip),
        ...hostnames.flatMap((name, at) =>
          checkedText(`${field}.hostAliases[${index}].hostnames[${at}]`, name, isDNS1123Subdomain),
        ),
      ],
    ),
    ...(spec.tolerations ?? []).flatMap((toleration, index) =>
      tolerationCauses(`${field}.tolerations[${index}]`, toleration),
    ),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, index) => {
      const at = `${field}.readinessGates[${index}].conditionType`;
      return requiredText(at, conditionType, isQualifiedName);
    }),
  ];
}

function containersCauses(
  field: string,
  spec: PodSpec,
  volumes: ReadonlySet<string>,
): StatusCause[] {
  const names = new Set<string>();
  const lists = [
    ["initContainers", "init", spec.initContainers ?? []],
    ["containers", "main", spec.containers],
  ] as const;
  return lists.flatMap(([list, role, containers]) =>
    containers.flatMap((container, index) => {
      const at = `${field}.${list}[${index}]`;
      const repeated = names.has(container.name);
      names.add(container.name);
      return [
        ...(repeated ? [duplicate(`${at}.name`, container.name)] : []),
        ...containerCauses(at, container, { volumes, role }),
      ];
    }),
  );
}

function dnsConfigCauses(field: string, { dnsPolicy, dnsConfig = {} }: PodSpec): StatusCause[] {
  const { nameservers = [], searches = [] } = dnsConfig;
  const at = `${field}.dnsConfig`;
  const causes: StatusCause[] = [];
  if (dnsPolicy === "None" && nameservers.length === 0) {
    const why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    causes.push(required(`${at}.nameservers`, why));
  }
  if (nameservers.length > MAX_NAMESERVERS) {
    const why = `must not have more than ${MAX_NAMESERVERS} nameservers`;
    causes.push(invalidValue(`${at}.nameservers`, nameservers, why));
  }
  if (searches.length > MAX_SEARCHES) {
    const why = `must not have more than ${MAX_SEARCHES} search paths`;
    causes.push(invalidValue(`${at}.searches`, searches, why));
  }
  nameservers.forEach((ip, index) => causes.push(...ipCauses(`${at}.nameservers[${index}]`, ip)));
  return causes;
}

function activeDeadlineCauses(field: string, seconds: number | undefined): StatusCause[] {
  if (seconds === undefined || (seconds >= 1 && seconds <= 2_147_483_647)) return [];
  return [invalidValue(field, seconds, "must be between 1 and 2147483647, inclusive")];
}

function tolerationCauses(field: string, toleration: Toleration): StatusCause[] {
  const { key = "", operator = "Equal", value = "", effect, tolerationSeconds } = toleration;
  const causes = checkedText(`${field}.key`, key, isQualifiedName);
  if (key === "" && operator !== "Exists") {
    const why =
      'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(invalidValue(`${field}.operator`, operator, why));
  }
  if (operator === "Exists" && value !== "") {
    const why = "value must be empty when `operator` is 'Exists'";
    causes.push(invalidValue(`${field}.value`, value, why));
  }
  if (!["Exists", "Equal"].includes(operator)) {
    causes.push(notSupported(`${field}.operator`, operator, ["Equal", "Exists"]));
  }
  if (tolerationSeconds !== undefined && effect !== "NoExecute") {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    causes.push(invalidValue(`${field}.effect`, effect ?? "", why));
  }
  return causes;
}
