import { writeFile } from "node:fs/promises";
import type { LabPlan } from "./components/component.ts";
import { apiServer, controllerManager, natsServer } from "./components/control-plane.ts";
import { gateway, kubelet, kubeProxy } from "./components/node.ts";
import { writeBusConfig, writeCredentials } from "./credentials.ts";
import type { SandboxProcess } from "./launch/sandbox-process.ts";
import { CONTROL_PLANE_IP } from "./topology.ts";

/** Which lab, and how its host is reached. */
export interface StartOptions {
  readonly plan: LabPlan;
  readonly labName: string;
  /** The host's port of the API server. */
  readonly apiPort: number;
  readonly altNames: readonly string[];
  readonly gateway: boolean;
}

/**
 * Writes what the processes need and has the sandbox start them, all at once: each of them waits
 * for those it needs. Certificates are made while the sandbox builds its network.
 */
export async function startProcesses(
  sandbox: SandboxProcess,
  options: StartOptions,
): Promise<void> {
  const { plan, ...host } = options;
  const { files, topology, passwords, nodePorts } = plan;
  await writeFile(files.resolvConf, resolvConf());
  sandbox.send({
    type: "prepare",
    directory: files.directory,
    logDirectory: files.logs,
    network: { topology, nodePorts, resolvConf: files.resolvConf },
  });
  await writeBusConfig(files, passwords);
  sandbox.send({ type: "start", process: natsServer(plan) });
  await writeCredentials({ ...host, topology, files });
  const processes = [apiServer(plan), controllerManager(plan), ...nodeProcesses(plan)];
  if (host.gateway) processes.push(gateway(plan));
  for (const process of processes) sandbox.send({ type: "start", process });
}

function nodeProcesses(plan: LabPlan): ReturnType<typeof kubelet>[] {
  const { nodes } = plan.topology;
  return [
    ...nodes.map((node) => kubelet(plan, node)),
    ...nodes.map((node) => kubeProxy(plan, node)),
  ];
}

/**
 * The nodes' resolv.conf. A lab has no way out, so the host's resolvers would be of no use, and
 * one on 127.0.0.53 would be the DNS pod itself. Nobody listens here: outside names fail at once.
 */
function resolvConf(): string {
  return `nameserver ${CONTROL_PLANE_IP}\noptions timeout:1 attempts:1\n`;
}
