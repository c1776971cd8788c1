import { invalid, invalidValue, Kinds } from "@kubehop/api";
import { needsHealthCheckNodePort, needsNodePort } from "../registry/service-traits.ts";
import { AllocationError } from "./allocation-store.ts";
import { exhausted, type ServiceWrite } from "./ledger.ts";
import type { NodePortAllocator } from "./node-port.ts";

/** Takes the node ports a Service asks for, and one for each port that needs one. */
export async function reserveNodePorts(
  write: ServiceWrite,
  nodePorts: NodePortAllocator,
): Promise<void> {
  await takeWanted(write, nodePorts);
  const { service } = write;
  const { spec } = service;
  const ports = needsNodePort(service) ? (spec.ports ?? []) : [];
  for (const port of ports) {
    // The same port over several protocols shares a node port.
    const twin = ports.find((one) => one.port === port.port && one.nodePort !== undefined);
    port.nodePort ??= twin?.nodePort ?? (await nextPort(write, nodePorts));
  }
  if (needsHealthCheckNodePort(service)) {
    spec.healthCheckNodePort ??= await nextPort(write, nodePorts);
  }
}

async function takeWanted(write: ServiceWrite, nodePorts: NodePortAllocator): Promise<void> {
  const { spec } = write.service;
  const wanted = [
    ...(spec.ports ?? []).map(({ nodePort }, index) => ({
      field: `spec.ports[${index}].nodePort`,
      port: nodePort,
    })),
    { field: "spec.healthCheckNodePort", port: spec.healthCheckNodePort },
  ];
  const taken = new Set(write.held.ports);
  for (const { field, port } of wanted) {
    if (port === undefined || taken.has(port)) continue;
    await takePort(write, { field, port }, nodePorts);
    taken.add(port);
  }
}

async function takePort(
  { service, ledger, dryRun }: ServiceWrite,
  { field, port }: { readonly field: string; readonly port: number },
  nodePorts: NodePortAllocator,
): Promise<void> {
  try {
    if (dryRun) return nodePorts.checkRange(port);
    await nodePorts.allocate(port, ledger.parent);
    ledger.ports.push(port);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    const cause = invalidValue(field, port, error.message);
    throw invalid(Kinds.Service, service.metadata.name, [cause]);
  }
}

async function nextPort(
  { ledger, dryRun }: ServiceWrite,
  nodePorts: NodePortAllocator,
): Promise<number> {
  try {
    if (dryRun) return nodePorts.placeholder();
    const port = await nodePorts.allocateNext(ledger.parent);
    ledger.ports.push(port);
    return port;
  } catch (error) {
    throw exhausted(error, "failed to allocate a nodePort");
  }
}
