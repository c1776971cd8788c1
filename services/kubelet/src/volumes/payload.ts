import type {
  ConfigMap,
  DownwardAPIVolumeSource,
  KeyToPath,
  Pod,
  ProjectedVolumeSource,
  Secret,
  ServiceAccountTokenProjection,
  Volume,
} from "@kubehop/api";
import type { PodSources } from "../environment.ts";
import { fieldValue, type PodAddresses, resourceValue } from "../field-ref.ts";

/** Files of a volume by their path in it. */
export type Payload = ReadonlyMap<string, PayloadFile>;

/** One file of a volume. */
export interface PayloadFile {
  readonly data: Buffer;
  /** Permission bits, e.g. 0o644. */
  readonly mode: number;
}

/** What the files of a volume depend on. */
export interface PayloadContext {
  readonly pod: Pod;
  readonly addresses: PodAddresses;
  readonly sources: PodSources;
  readonly allocatable: Readonly<Record<string, string>>;
  /** A token that was fetched before for this projection. Throws when there is none. */
  token(projection: ServiceAccountTokenProjection): string;
}

const DEFAULT_MODE = 0o644;

/**
 * The files of a volume that the kubelet writes (configMap, secret, projected, downwardAPI);
 * undefined for other volumes. Throws an Error in upstream's words when an object or key is
 * missing and not optional.
 */
export function volumePayload(volume: Volume, context: PayloadContext): Payload | undefined {
  const { configMap, secret, projected, downwardAPI } = volume;
  if (configMap !== undefined) return project([{ configMap }], configMap.defaultMode, context);
  if (secret !== undefined) {
    const { secretName = "", ...rest } = secret;
    return project([{ secret: { name: secretName, ...rest } }], secret.defaultMode, context);
  }
  if (downwardAPI !== undefined) {
    return project([{ downwardAPI }], downwardAPI.defaultMode, context);
  }
  if (projected === undefined) return undefined;
  return project(projected.sources ?? [], projected.defaultMode, context);
}

/** The service account tokens a volume needs. */
export function tokenProjections(volume: Volume): ServiceAccountTokenProjection[] {
  return (volume.projected?.sources ?? [])
    .map((source) => source.serviceAccountToken)
    .filter((projection) => projection !== undefined);
}

type Sources = NonNullable<ProjectedVolumeSource["sources"]>;

function project(
  sources: Sources,
  defaultMode: number | undefined,
  context: PayloadContext,
): Payload {
  const mode = defaultMode ?? DEFAULT_MODE;
  const files = new Map<string, PayloadFile>();
  for (const source of sources) {
    const { configMap, secret, downwardAPI, serviceAccountToken } = source;
    if (configMap !== undefined) addObject(files, "configmap", { ...configMap, mode }, context);
    if (secret !== undefined) addObject(files, "secret", { ...secret, mode }, context);
    if (downwardAPI !== undefined) addDownward(files, downwardAPI, mode, context);
    if (serviceAccountToken !== undefined) {
      const data = Buffer.from(context.token(serviceAccountToken));
      files.set(safePath(serviceAccountToken.path), { data, mode });
    }
  }
  return files;
}

interface ObjectProjection {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
  readonly mode: number;
}

function addObject(
  files: Map<string, PayloadFile>,
  kind: "configmap" | "secret",
  { name = "", items, optional, mode }: ObjectProjection,
  { pod, sources }: PayloadContext,
): void {
  const namespace = pod.metadata.namespace ?? "";
  const data =
    kind === "configmap"
      ? configMapData(sources.configMap(namespace, name))
      : secretData(sources.secret(namespace, name));
  if (data === undefined) {
    if (optional === true) return;
    throw new Error(`${kind} "${name}" not found`);
  }
  const wanted: readonly KeyToPath[] = items ?? [...data.keys()].map((key) => ({ key, path: key }));
  for (const item of wanted) {
    const value = data.get(item.key);
    if (value !== undefined)
      files.set(safePath(item.path), { data: value, mode: item.mode ?? mode });
    else if (optional !== true) {
      throw new Error(
        `${kind} references non-existent ${kind === "secret" ? "secret" : "config"} key: ${item.key}`,
      );
    }
  }
}

function addDownward(
  files: Map<string, PayloadFile>,
  source: DownwardAPIVolumeSource,
  mode: number,
  { pod, addresses, allocatable }: PayloadContext,
): void {
  for (const item of source.items ?? []) {
    const { fieldRef, resourceFieldRef } = item;
    const container = pod.spec.containers.find(
      ({ name }) => name === resourceFieldRef?.containerName,
    );
    let text = "";
    if (fieldRef !== undefined) text = fieldValue(pod, fieldRef.fieldPath, addresses);
    else if (resourceFieldRef !== undefined && container !== undefined) {
      text = resourceValue(container, resourceFieldRef, allocatable);
    }
    files.set(safePath(item.path), { data: Buffer.from(text), mode: item.mode ?? mode });
  }
}

function configMapData(object: ConfigMap | undefined): Map<string, Buffer> | undefined {
  if (object === undefined) return undefined;
  const text = Object.entries(object.data ?? {}).map(([key, value]) => [key, Buffer.from(value)]);
  return new Map([...text, ...decoded(object.binaryData)] as [string, Buffer][]);
}

function secretData(object: Secret | undefined): Map<string, Buffer> | undefined {
  return object === undefined ? undefined : new Map(decoded(object.data));
}

function decoded(data: Readonly<Record<string, string>> | undefined): [string, Buffer][] {
  return Object.entries(data ?? {}).map(([key, value]) => [key, Buffer.from(value, "base64")]);
}

/** A relative path that stays in its volume. Throws an Error otherwise. */
function safePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0 || path.startsWith("/") || parts.some((part) => part.startsWith(".."))) {
    throw new Error(
      `invalid path "${path}" in a volume: it must be relative and not begin with ".."`,
    );
  }
  return parts.join("/");
}
