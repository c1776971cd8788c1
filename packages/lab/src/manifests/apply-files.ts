import type { KubeObject } from "@kubehop/api";
import type { RestClient } from "@kubehop/client";
import { applyManifests } from "./apply-manifests.ts";
import { loadManifests } from "./load-manifests.ts";

/**
 * Applies the objects of files and folders and gives them as the server has them. Throws LabError
 * naming file and line; when a file cannot be read, nothing was applied.
 */
export async function applyFiles(
  rest: RestClient,
  paths: readonly string[],
): Promise<KubeObject[]> {
  return applyManifests({ rest, manifests: await loadManifests(paths) });
}
