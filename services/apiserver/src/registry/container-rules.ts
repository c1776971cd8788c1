import {
  duplicate,
  forbiddenField,
  invalidValue,
  isDNS1123Label,
  isEnvVarName,
  isQuantity,
  isValidPortName,
  isValidPortNum,
  parseQuantity,
  required,
  valueNotFound,
  type Container,
  type ContainerPort,
  type EnvVar,
  type ResourceRequirements,
  type StatusCause,
  type VolumeMount,
} from "@kubehop/api";
import { checkedText, oneOf, requiredOneOf, requiredText } from "./common-rules.ts";
import { lifecycleCauses, probeCauses } from "./probe-rules.ts";

const PROTOCOLS = ["TCP", "UDP", "SCTP"];
const PULL_POLICIES = ["Always", "IfNotPresent", "Never"];

interface ContainerContext {
  /** Names of the pod's volumes. */
  readonly volumes: ReadonlySet<string>;
  /** Which of the pod's lists it is in: they differ in what probes and hooks it may have. */
  readonly role: "init" | "main" | "ephemeral";
}

/** Rules of a container. */
export function containerCauses(
  field: string,
  container: Container,
  { volumes, role }: ContainerContext,
): StatusCause[] {
  return [
    ...requiredText(`${field}.name`, container.name, isDNS1123Label),
    ...imageCauses(`${field}.image`, container.image),
    ...portCauses(`${field}.ports`, container.ports ?? []),
    ...(container.env ?? []).flatMap((env, index) => envCauses(`${field}.env[${index}]`, env)),
    ...mountCauses(`${field}.volumeMounts`, container.volumeMounts ?? [], volumes),
    ...oneOf(`${field}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES),
    ...oneOf(`${field}.terminationMessagePolicy`, container.terminationMessagePolicy, [
      "File",
      "FallbackToLogsOnError",
    ]),
    ...resourceCauses(`${field}.resources`, container.resources ?? {}),
    ...attendanceCauses(field, container, role),
  ];
}

/** Probes and hooks: an init container has none unless it is a sidecar, ephemeral ones never. */
function attendanceCauses(
  field: string,
  container: Container,
  role: ContainerContext["role"],
): StatusCause[] {
  if (role === "ephemeral") return [];
  const runsOnce = role === "init" && container.restartPolicy !== "Always";
  if (runsOnce) return initContainerCauses(field, container);
  return [...probeCauses(field, container), ...lifecycleCauses(field, container)];
}

function imageCauses(field: string, image = ""): StatusCause[] {
  if (image === "") return [required(field)];
  const why = "must not have leading or trailing whitespace";
  return image.trim() === image ? [] : [invalidValue(field, image, why)];
}

function initContainerCauses(field: string, container: Container): StatusCause[] {
  const why = "may not be set for init containers without restartPolicy=Always";
  const fields = ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle"] as const;
  return fields
    .filter((name) => container[name] !== undefined)
    .map((name) => forbiddenField(`${field}.${name}`, why));
}

function portCauses(field: string, ports: readonly Partial<ContainerPort>[]): StatusCause[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`;
    const { name = "", containerPort = 0, hostPort, protocol } = port;
    const repeated = name !== "" && names.has(name);
    names.add(name);
    return [
      ...checkedText(`${at}.name`, name, isValidPortName),
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
      ...(containerPort === 0
        ? [required(`${at}.containerPort`)]
        : numberCauses(`${at}.containerPort`, containerPort)),
      ...(hostPort === undefined || hostPort === 0 ? [] : numberCauses(`${at}.hostPort`, hostPort)),
      ...requiredOneOf(`${at}.protocol`, protocol, PROTOCOLS),
    ];
  });
}

function numberCauses(field: string, port: number): StatusCause[] {
  return isValidPortNum(port).map((why) => invalidValue(field, port, why));
}

function envCauses(field: string, { name, value = "", valueFrom }: EnvVar): StatusCause[] {
  const causes = requiredText(`${field}.name`, name, isEnvVarName);
  if (valueFrom === undefined) return causes;
  const at = `${field}.valueFrom`;
  const sources = Object.keys(valueFrom).length;
  if (sources === 0) {
    const why =
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` " +
      "or `fileKeyRef`";
    causes.push(invalidValue(at, "", why));
  } else if (value !== "") {
    causes.push(invalidValue(at, "", "may not be specified when `value` is not empty"));
  } else if (sources > 1) {
    causes.push(invalidValue(at, "", "may not have more than one field specified at a time"));
  }
  for (const source of ["configMapKeyRef", "secretKeyRef"] as const) {
    const selector = valueFrom[source];
    if (selector === undefined) continue;
    causes.push(
      ...requiredText(`${at}.${source}.name`, selector.name),
      ...requiredText(`${at}.${source}.key`, selector.key),
    );
  }
  return causes;
}

function mountCauses(
  field: string,
  mounts: readonly Partial<VolumeMount>[],
  volumes: ReadonlySet<string>,
): StatusCause[] {
  const paths = new Set<string>();
  return mounts.flatMap(({ name = "", mountPath = "", subPath = "" }, index) => {
    const at = `${field}[${index}]`;
    const repeated = paths.has(mountPath);
    paths.add(mountPath);
    return [
      ...requiredText(`${at}.name`, name),
      ...(name === "" || volumes.has(name) ? [] : [valueNotFound(`${at}.name`, name)]),
      ...requiredText(`${at}.mountPath`, mountPath),
      ...(repeated ? [invalidValue(`${at}.mountPath`, mountPath, "must be unique")] : []),
      ...relativePathCauses(`${at}.subPath`, subPath),
    ];
  });
}

/** A path below a directory: relative, and never out of it. */
export function relativePathCauses(field: string, path: string): StatusCause[] {
  if (path.startsWith("/")) return [invalidValue(field, path, "must be a relative path")];
  const leaves = path.split("/").includes("..");
  return leaves ? [invalidValue(field, path, "must not contain '..'")] : [];
}

function resourceCauses(field: string, resources: ResourceRequirements): StatusCause[] {
  const { limits = {}, requests = {} } = resources;
  const causes: StatusCause[] = [];
  for (const [list, quantities] of Object.entries({ limits, requests })) {
    for (const [name, text] of Object.entries(quantities)) {
      const good = isQuantity(text) && !text.startsWith("-");
      if (good) continue;
      const why = "must be greater than or equal to 0";
      causes.push(invalidValue(`${field}.${list}[${name}]`, text, why));
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined || (parseQuantity(request) ?? 0) <= (parseQuantity(limit) ?? 0))
      continue;
    const why = `must be less than or equal to ${name} limit of ${limit}`;
    causes.push(invalidValue(`${field}.requests`, request, why));
  }
  return causes;
}
