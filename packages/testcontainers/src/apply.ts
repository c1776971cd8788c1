import type { KubeObject } from "@kubehop/api";
import {
  applyManifests,
  describeProblem,
  parseManifests,
  waitForRollout,
} from "@kubehop/lab/manifests";
import { openHopStream } from "@kubehop/trace";
import type { Cluster } from "./cluster.ts";
import { serviceRevision, waitUntilServed } from "./convergence.ts";
import { KubehopError } from "./kubehop-error.ts";

/** How `apply` goes about. */
export interface ApplyOptions {
  /**
   * Whether to wait until the Deployments and StatefulSets are ready, and the kube-proxies and DNS
   * servers know the Services; default true.
   */
  readonly wait?: boolean;
  /** How long they may take, in ms; default 60 s. */
  readonly timeoutMs?: number;
}

/** An object that was applied. */
export interface AppliedObject {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Creates the objects of a YAML or JSON text, or changes those that exist. All of it is checked
 * before any is sent. Throws KubehopError with every problem's line and column, an Error with the
 * API server's reason, or one that says which pods did not become ready and why.
 */
export async function applyYaml(
  cluster: Cluster,
  text: string,
  { wait = true, timeoutMs = DEFAULT_TIMEOUT_MS }: ApplyOptions = {},
): Promise<AppliedObject[]> {
  const { rest } = cluster;
  const { manifests, problems } = parseManifests("yaml", text);
  if (problems.length > 0) {
    throw new KubehopError(
      `The YAML cannot be applied:\n${problems.map((one) => `  ${describeProblem(one)}`).join("\n")}`,
      "Nothing was applied. Correct it and try again.",
    );
  }
  using hops = await openHopStream(rest);
  const objects = await applyManifests({ rest, manifests });
  if (wait) {
    const signal = AbortSignal.timeout(timeoutMs);
    const hint = "The objects were applied; podLogs() and events() say more.";
    await waitForRollout({ rest, objects, signal, hint, onProgress: () => undefined });
    await waitUntilServed(cluster, hops, await serviceRevision(cluster, objects));
  }
  return objects.map(describeObject);
}

function describeObject({ kind, metadata }: KubeObject): AppliedObject {
  const { namespace, name } = metadata;
  return { kind, name, ...(namespace === undefined ? {} : { namespace }) };
}
