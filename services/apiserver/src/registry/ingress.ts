import {
  forbiddenField,
  invalidValue,
  isDNS1035Label,
  isDNS1123Subdomain,
  isValidPortName,
  isValidPortNum,
  Kinds,
  required,
  type HTTPIngressPath,
  type Ingress,
  type IngressBackend,
  type IngressClass,
  type IngressClassParametersReference,
  type ServiceBackendPort,
  type StatusCause,
} from "@kubehop/api";
import { familyOf } from "@kubehop/kit/addresses";
import { checkedText, immutable, oneOf, requiredOneOf, requiredText } from "./common-rules.ts";
import { createStrategy, type Strategy } from "./strategy.ts";

/** The annotation that named the class before the field did. */
const CLASS_ANNOTATION = "kubernetes.io/ingress.class";
const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];
const BAD_SEQUENCES = ["//", "/./", "/../", "%2f", "%2F"];
const BAD_ENDS = ["/..", "/."];
const CONTROLLER_LIMIT = 250;

/** Ingress (pkg/apis/networking/validation). */
export const ingressStrategy: Strategy<Ingress> = createStrategy(Kinds.Ingress, {
  defaults: (ingress) => {
    ingress.spec ??= {};
  },
  prepareForCreate: (ingress) => {
    ingress.status = { loadBalancer: {} };
  },
  validate: ({ spec = {} }) => [
    ...((spec.rules ?? []).length === 0 && spec.defaultBackend === undefined
      ? [invalidValue("spec", null, "either `defaultBackend` or `rules` must be specified")]
      : []),
    ...(spec.defaultBackend === undefined
      ? []
      : backendCauses("spec.defaultBackend", spec.defaultBackend)),
    ...checkedText("spec.ingressClassName", spec.ingressClassName, isDNS1123Subdomain),
    ...(spec.tls ?? []).flatMap(({ hosts = [], secretName }, index) => [
      ...hosts.flatMap((host, at) => hostCauses(`spec.tls[${index}].hosts[${at}]`, host)),
      ...checkedText(`spec.tls[${index}].secretName`, secretName, isDNS1123Subdomain),
    ]),
    ...(spec.rules ?? []).flatMap(({ host, http }, index) => [
      ...ruleHostCauses(`spec.rules[${index}].host`, host),
      ...(http === undefined ? [] : pathsCauses(`spec.rules[${index}].http.paths`, http.paths)),
    ]),
  ],
  validateCreate: ({ metadata, spec }) => {
    const annotated = metadata.annotations?.[CLASS_ANNOTATION];
    if (annotated === undefined || spec?.ingressClassName === undefined) return [];
    const why = "can not be set when the class field is also set";
    return [invalidValue(`annotations.${CLASS_ANNOTATION}`, annotated, why)];
  },
});

/** IngressClass: its controller never changes. */
export const ingressClassStrategy: Strategy<IngressClass> = createStrategy(Kinds.IngressClass, {
  defaults: (ingressClass) => {
    ingressClass.spec ??= {};
    const { parameters } = ingressClass.spec;
    if (parameters !== undefined) parameters.scope ??= "Cluster";
  },
  validate: ({ spec: { controller = "", parameters } = {} }) => [
    ...controllerCauses("spec.controller", controller),
    ...(parameters === undefined ? [] : parametersCauses("spec.parameters", parameters)),
  ],
  validateUpdate: (next, old) =>
    immutable("spec.controller", next.spec?.controller, old.spec?.controller),
});

function ruleHostCauses(field: string, host: string | undefined): StatusCause[] {
  if (host === undefined || host === "") return [];
  if (familyOf(host) !== undefined) {
    return [invalidValue(field, host, "must be a DNS name, not an IP address")];
  }
  return hostCauses(field, host);
}

function hostCauses(field: string, host: string): StatusCause[] {
  return checkedText(field, host, host.includes("*") ? isWildcardDomain : isDNS1123Subdomain);
}

/** `*.` before an RFC 1123 subdomain. */
function isWildcardDomain(host: string): string[] {
  if (host.startsWith("*.") && isDNS1123Subdomain(host.slice(2)).length === 0) return [];
  return [
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, " +
      "which must consist of lower case alphanumeric characters, '-' or '.' and end with an " +
      "alphanumeric character (e.g. '*.example.com', regex used for validation is " +
      "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ];
}

function pathsCauses(
  field: string,
  paths: readonly Partial<HTTPIngressPath>[] = [],
): StatusCause[] {
  if (paths.length === 0) return [required(field)];
  return paths.flatMap(({ path = "", pathType, backend = {} }, index) => [
    ...(pathType === undefined
      ? [required(`${field}[${index}].pathType`, "pathType must be specified")]
      : oneOf(`${field}[${index}].pathType`, pathType, PATH_TYPES)),
    ...pathCauses(`${field}[${index}].path`, path, pathType),
    ...backendCauses(`${field}[${index}].backend`, backend),
  ]);
}

function pathCauses(field: string, path: string, type: string | undefined): StatusCause[] {
  const isPlain = type === "Exact" || type === "Prefix";
  if (!isPlain && path === "") return [];
  const causes: StatusCause[] = [];
  if (!path.startsWith("/")) causes.push(invalidValue(field, path, "must be an absolute path"));
  if (!isPlain || path === "") return causes;
  for (const sequence of BAD_SEQUENCES.filter((one) => path.includes(one))) {
    causes.push(invalidValue(field, path, `must not contain '${sequence}'`));
  }
  for (const end of BAD_ENDS.filter((one) => path.endsWith(one))) {
    causes.push(invalidValue(field, path, `cannot end with '${end}'`));
  }
  return causes;
}

function backendCauses(field: string, { service, resource }: IngressBackend): StatusCause[] {
  if (service !== undefined && resource !== undefined) {
    return [invalidValue(field, "", "cannot set both resource and service backends")];
  }
  if (resource !== undefined) {
    return [
      ...checkedText(`${field}.resource.apiGroup`, resource.apiGroup, isDNS1123Subdomain),
      ...requiredText(`${field}.resource.kind`, resource.kind),
      ...requiredText(`${field}.resource.name`, resource.name),
    ];
  }
  if (service === undefined) {
    return [invalidValue(field, "", "resource or service backend is required")];
  }
  return [
    ...requiredText(`${field}.service.name`, service.name, isDNS1035Label),
    ...servicePortCauses(field, service.port ?? {}),
  ];
}

function servicePortCauses(
  field: string,
  { name = "", number = 0 }: ServiceBackendPort,
): StatusCause[] {
  if (name !== "" && number !== 0) {
    return [invalidValue(field, "", "cannot set both port name & port number")];
  }
  if (name === "" && number === 0) return [required(field, "port name or number is required")];
  const at = `${field}.service.port`;
  if (name !== "") return checkedText(`${at}.name`, name, isValidPortName);
  return isValidPortNum(number).map((why) => invalidValue(`${at}.number`, number, why));
}

function controllerCauses(field: string, controller: string): StatusCause[] {
  if (controller.length > CONTROLLER_LIMIT) {
    return [invalidValue(field, controller, `must be no more than ${CONTROLLER_LIMIT} characters`)];
  }
  if (controller === "") return [required(field)];
  const [host = "", ...path] = controller.split("/");
  if (host === "" || path.join("/") === "") {
    const why = 'must be a domain-prefixed path (such as "acme.io/foo")';
    return [invalidValue(field, controller, why)];
  }
  return isDNS1123Subdomain(host).map((why) => invalidValue(field, host, why));
}

function parametersCauses(
  field: string,
  parameters: Partial<IngressClassParametersReference>,
): StatusCause[] {
  const { apiGroup, kind, name, scope, namespace } = parameters;
  const causes = [
    ...checkedText(`${field}.apiGroup`, apiGroup, isDNS1123Subdomain),
    ...requiredText(`${field}.kind`, kind),
    ...requiredText(`${field}.name`, name),
    ...requiredOneOf(`${field}.scope`, scope, ["Cluster", "Namespace"]),
  ];
  const at = `${field}.namespace`;
  if (scope === "Namespace" && (namespace ?? "") === "") {
    causes.push(required(at, "`parameters.scope` is set to 'Namespace'"));
  }
  if (scope === "Cluster" && namespace !== undefined) {
    causes.push(forbiddenField(at, "`parameters.scope` is set to 'Cluster'"));
  }
  return causes;
}
