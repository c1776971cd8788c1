import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  Pod,
  Secret,
  Service,
} from "@kubehop/api";
import { fieldValue, type PodAddresses, resourceValue } from "./field-ref.ts";
import { ContainerStartError } from "./runtime/runtime.ts";
import { serviceEnv } from "./service-env.ts";
import { expandVariables } from "./variable-expansion.ts";

/** The objects a pod may refer to, as last seen. */
export interface PodSources {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  /** Every Service of the cluster. */
  services(): readonly Service[];
}

/** What a container's environment depends on beside the container. */
export interface EnvironmentContext {
  readonly pod: Pod;
  readonly addresses: PodAddresses;
  readonly sources: PodSources;
  readonly allocatable: Readonly<Record<string, string>>;
}

type Variables = Record<string, string>;

/**
 * The variables a container's own `envFrom` and `env` give it, over those of Services (explicit
 * ones win). Throws ContainerStartError(CreateContainerConfigError) with upstream's words when a
 * reference cannot be resolved.
 */
export function containerEnv(container: Container, context: EnvironmentContext): Variables {
  const { pod, sources } = context;
  const namespace = pod.metadata.namespace ?? "";
  const links = serviceEnv(sources.services(), namespace, pod.spec.enableServiceLinks ?? true);
  const own: Variables = {};
  for (const source of container.envFrom ?? []) Object.assign(own, sourceEnv(source, context));
  for (const variable of container.env ?? []) {
    const known = { ...links, ...own };
    const value = variableValue(variable, container, { ...context, known });
    if (value !== undefined) own[variable.name] = value;
  }
  return { ...links, ...own };
}

function sourceEnv(source: EnvFromSource, context: EnvironmentContext): Variables {
  const { prefix = "", configMapRef, secretRef } = source;
  const data =
    configMapRef === undefined
      ? secretData(context, secretRef?.name ?? "", secretRef?.optional)
      : configMapData(context, configMapRef.name ?? "", configMapRef.optional);
  const entries = Object.entries(data ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [`${prefix}${key}`, value]));
}

interface VariableContext extends EnvironmentContext {
  readonly known: Variables;
}

/** Undefined when an optional reference leads nowhere. */
function variableValue(
  { name, value, valueFrom }: EnvVar,
  container: Container,
  context: VariableContext,
): string | undefined {
  if (valueFrom === undefined) return expandVariables(value ?? "", context.known);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  try {
    if (fieldRef !== undefined)
      return fieldValue(context.pod, fieldRef.fieldPath, context.addresses);
    if (resourceFieldRef !== undefined) {
      return resourceValue(container, resourceFieldRef, context.allocatable);
    }
  } catch (error) {
    throw configError(`env ${name}: ${(error as Error).message}`);
  }
  if (configMapKeyRef !== undefined) {
    const { name: object = "", key, optional } = configMapKeyRef;
    const found = configMapData(context, object, optional);
    return keyOf(found, { kind: "ConfigMap", object, key, optional }, context);
  }
  if (secretKeyRef !== undefined) {
    const { name: object = "", key, optional } = secretKeyRef;
    const found = secretData(context, object, optional);
    return keyOf(found, { kind: "Secret", object, key, optional }, context);
  }
  throw configError(`env ${name}: valueFrom has no source this kubelet knows`);
}

interface KeyReference {
  readonly kind: "ConfigMap" | "Secret";
  readonly object: string;
  readonly key: string;
  readonly optional: boolean | undefined;
}

function keyOf(
  data: Variables | undefined,
  { kind, object, key, optional }: KeyReference,
  { pod }: EnvironmentContext,
): string | undefined {
  const value = data?.[key];
  if (value !== undefined || optional === true) return value;
  throw configError(`couldn't find key ${key} in ${kind} ${pod.metadata.namespace}/${object}`);
}

function configMapData(
  { pod, sources }: EnvironmentContext,
  name: string,
  optional: boolean | undefined,
): Variables | undefined {
  const found = sources.configMap(pod.metadata.namespace ?? "", name);
  if (found === undefined && optional !== true) throw configError(`configmap "${name}" not found`);
  return found === undefined ? undefined : (found.data ?? {});
}

function secretData(
  { pod, sources }: EnvironmentContext,
  name: string,
  optional: boolean | undefined,
): Variables | undefined {
  const found = sources.secret(pod.metadata.namespace ?? "", name);
  if (found === undefined && optional !== true) throw configError(`secret "${name}" not found`);
  if (found === undefined) return undefined;
  const entries = Object.entries(found.data ?? {});
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}

function configError(message: string): ContainerStartError {
  return new ContainerStartError("CreateContainerConfigError", message);
}
