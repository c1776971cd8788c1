import { isAlreadyExists, isNotFound, type KubeObject } from "@kubehop/api";
import type { RestClient } from "@kubehop/client/api-server";
import { LabError } from "../lab-error.ts";
import { describeManifest, type Manifest } from "./manifest.ts";

/**
 * Kinds in the order they are applied: what others need comes first. A pod's environment is made
 * of the Services that exist when it starts, so workloads come last.
 */
const ORDER: readonly (readonly string[])[] = [
  ["Namespace"],
  ["ServiceAccount", "ConfigMap", "Secret"],
  ["Service", "EndpointSlice", "Endpoints"],
];

/** How manifests are applied. */
export interface ApplyOptions {
  readonly rest: RestClient;
  readonly manifests: readonly Manifest[];
  /** Called once before the first workload; it may wait for what workloads need. */
  readonly beforeWorkloads?: () => Promise<void>;
}

/**
 * Creates objects, or changes those that exist. Gives them back as the server has them. Throws
 * LabError naming the file and the line of the first object that the server refuses.
 */
export async function applyManifests(options: ApplyOptions): Promise<KubeObject[]> {
  const { rest, manifests, beforeWorkloads } = options;
  const applied: KubeObject[] = [];
  for (const group of inOrder(manifests)) {
    if (group.some(({ kind }) => !isBasic(kind.kind))) await beforeWorkloads?.();
    applied.push(...(await Promise.all(group.map((manifest) => applyManifest(rest, manifest)))));
  }
  return applied;
}

/** Groups manifests by the step in which they are applied. */
export function inOrder(manifests: readonly Manifest[]): Manifest[][] {
  const groups: Manifest[][] = Array.from({ length: ORDER.length + 1 }, () => []);
  for (const manifest of manifests) {
    const index = ORDER.findIndex((kinds) => kinds.includes(manifest.kind.kind));
    groups[index === -1 ? ORDER.length : index]?.push(manifest);
  }
  return groups.filter((group) => group.length > 0);
}

function isBasic(kind: string): boolean {
  return ORDER.some((kinds) => kinds.includes(kind));
}

async function applyManifest(rest: RestClient, manifest: Manifest): Promise<KubeObject> {
  const { kind, object } = manifest;
  try {
    return await rest.create(kind, object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
      const { namespace, name = "" } = object.metadata;
      return rest.patch(kind, { namespace, name }, { type: "merge", body: object });
    });
  } catch (error) {
    throw refused(manifest, error);
  }
}

function refused(manifest: Manifest, cause: unknown): LabError {
  const { file, line } = manifest.source;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new LabError(
    `${file}:${line}: ${describeManifest(manifest)} was refused: ${text}`,
    isNotFound(cause) && text.startsWith("namespaces ")
      ? "Add its Namespace to the files."
      : "Objects before it were applied. Correct the file and apply it again.",
    { cause },
  );
}
