import {
  createRestClient,
  parseKubeconfig,
  type RestClient,
  type RestOptions,
} from "@kubehop/client/api-server";
import type { StartedTestContainer } from "testcontainers";
import { KubehopError } from "./kubehop-error.ts";
import { API_PORT, GATEWAY_PORT } from "./lab-command.ts";

/** The cluster in a container that runs, as the test process reaches it. */
export interface Cluster extends AsyncDisposable {
  readonly container: StartedTestContainer;
  /** A kubeconfig for the test process, its administrator's. */
  readonly kubeconfig: string;
  readonly server: RestOptions;
  readonly rest: RestClient;
  readonly gateway: { readonly host: string; readonly port: number };
}

const READ_KUBECONFIG = ["sh", "-c", 'cat "$KUBEHOP_HOME/labs/lab/kubeconfig"'];

/** Connects to the lab of a container whose pods are ready. Throws KubehopError. */
export async function connectCluster(container: StartedTestContainer): Promise<Cluster> {
  const { exitCode, output } = await container.exec(READ_KUBECONFIG);
  if (exitCode !== 0) {
    throw new KubehopError(
      `Container ${container.getId().slice(0, 12)} has no kubeconfig: ${output.trim()}`,
      "Use an image of kubehop, of the version of this module.",
    );
  }
  const host = container.getHost();
  const kubeconfig = output.replace(
    /^(\s*server: ).*$/m,
    `$1https://${host}:${container.getMappedPort(API_PORT)}`,
  );
  const server = parseKubeconfig(kubeconfig, "of the container");
  const rest = createRestClient({ ...server, userAgent: "kubehop-testcontainers" });
  return {
    container,
    kubeconfig,
    server,
    rest,
    gateway: { host, port: container.getMappedPort(GATEWAY_PORT) },
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}
