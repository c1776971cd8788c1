import {
  createRestClient,
  loadKubeconfig,
  type RestClient,
  type RestOptions,
} from "@kubehop/client";
import { findRunningLab, type KnownLab, labFiles, stateHome, VERSION } from "@kubehop/lab";
import { CliError } from "./cli-error.ts";
import type { CliContext } from "./context.ts";

/** Names the kubeconfig of a cluster that is no lab of this machine, such as that of a Docker lab. */
const KUBECONFIG = "KUBEHOP_KUBECONFIG";

/** A cluster and how to talk to its API server. */
export interface ClusterAccess extends AsyncDisposable {
  /** Absent when the environment names another cluster. */
  readonly lab?: KnownLab;
  readonly kubeconfig: string;
  readonly server: RestOptions;
  readonly rest: RestClient;
}

/** Finds the lab of that name. Throws CliError when none runs. */
export async function requireLab(context: CliContext, name: string): Promise<KnownLab> {
  const lab = await findRunningLab(stateHome(context.env), name);
  if (lab !== undefined) return lab;
  const option = name === "lab" ? "" : ` --name ${name}`;
  throw new CliError(`No lab "${name}" runs.`, `Start it with: kubehop up${option} --detach`);
}

/** The kubeconfig that the environment names, else that of the lab. Throws CliError without either. */
export async function findKubeconfig(context: CliContext, name: string): Promise<string> {
  return (
    context.env[KUBECONFIG] || labFiles((await requireLab(context, name)).directory).kubeconfig
  );
}

/**
 * Makes a client for the cluster that KUBEHOP_KUBECONFIG names, else for the lab of that name;
 * dispose it after use. Throws CliError when there is no such lab.
 */
export async function accessCluster(context: CliContext, name: string): Promise<ClusterAccess> {
  const named = context.env[KUBECONFIG];
  const lab = named ? undefined : await requireLab(context, name);
  const kubeconfig = lab === undefined ? (named ?? "") : labFiles(lab.directory).kubeconfig;
  const server = loadKubeconfig(kubeconfig);
  const rest = createRestClient({ ...server, userAgent: `kubehop/${VERSION}` });
  return {
    ...(lab === undefined ? {} : { lab }),
    kubeconfig,
    server,
    rest,
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}
