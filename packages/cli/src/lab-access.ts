import {
  createRestClient,
  loadKubeconfig,
  type RestClient,
  type RestOptions,
} from "@kubehop/client";
import { findRunningLab, type KnownLab, labFiles, stateHome, VERSION } from "@kubehop/lab";
import { CliError } from "./cli-error.ts";
import type { CliContext } from "./context.ts";

/** A running lab and how to talk to its API server. */
export interface LabAccess extends AsyncDisposable {
  readonly lab: KnownLab;
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

/** Finds the lab of that name and makes a client for it; dispose it after use. */
export async function accessLab(context: CliContext, name: string): Promise<LabAccess> {
  const lab = await requireLab(context, name);
  const { kubeconfig } = labFiles(lab.directory);
  const server = loadKubeconfig(kubeconfig);
  const rest = createRestClient({ ...server, userAgent: `kubehop/${VERSION}` });
  return {
    lab,
    kubeconfig,
    server,
    rest,
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}
