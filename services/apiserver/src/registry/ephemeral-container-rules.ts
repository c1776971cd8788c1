import {
  duplicate,
  forbiddenField,
  valueNotFound,
  type EphemeralContainer,
  type PodSpec,
  type StatusCause,
} from "@kubehop/api";
import { containerCauses } from "./container-rules.ts";

const REFUSED = "cannot be set for an Ephemeral Container";

/** What a container that serves the pod may have, in the order of upstream's Go struct. */
const REFUSED_FIELDS = [
  "ports",
  "resources",
  "resizePolicy",
  "restartPolicy",
  "restartPolicyRules",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
] as const satisfies readonly (keyof EphemeralContainer)[];

/**
 * Rules of the ephemeral containers of a pod's spec, whose `volumes` are its volumes' names
 * (pkg/apis/core/validation validateEphemeralContainers).
 */
export function ephemeralContainerCauses(
  field: string,
  { containers, initContainers = [], ephemeralContainers = [] }: PodSpec,
  volumes: ReadonlySet<string>,
): StatusCause[] {
  const others = new Set([...containers, ...initContainers].map(({ name }) => name));
  const names = new Set(others);
  return ephemeralContainers.flatMap((container, index) => {
    const at = `${field}[${index}]`;
    const { name, targetContainerName: target = "" } = container;
    const repeated = names.has(name);
    names.add(name);
    return [
      ...containerCauses(at, container, { volumes, role: "ephemeral" }),
      ...(repeated ? [duplicate(`${at}.name`, name)] : []),
      ...(target === "" || others.has(target)
        ? []
        : [valueNotFound(`${at}.targetContainerName`, target)]),
      ...REFUSED_FIELDS.filter((each) => isSet(container, each)).map((each) =>
        forbiddenField(`${at}.${each}`, REFUSED),
      ),
      ...subPathCauses(`${at}.volumeMounts`, container),
    ];
  });
}

/** Resources are there by default, and empty. */
function isSet(container: EphemeralContainer, field: (typeof REFUSED_FIELDS)[number]): boolean {
  const value = container[field];
  return field === "resources" ? Object.keys(value ?? {}).length > 0 : value !== undefined;
}

function subPathCauses(field: string, { volumeMounts = [] }: EphemeralContainer): StatusCause[] {
  return volumeMounts.flatMap((mount, index) =>
    (["subPath", "subPathExpr"] as const)
      .filter((each) => (mount[each] ?? "") !== "")
      .map((each) => forbiddenField(`${field}[${index}].${each}`, REFUSED)),
  );
}
