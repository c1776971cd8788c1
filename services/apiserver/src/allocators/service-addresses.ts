import { invalid, invalidValue, Kinds, type IPFamily } from "@kubehop/api";
import { isExternalName, isHeadless } from "../registry/service-traits.ts";
import { AllocationError } from "./allocation-store.ts";
import type { ClusterIPAllocator } from "./cluster-ip.ts";
import { exhausted, type ServiceWrite } from "./ledger.ts";

/** Takes the addresses a Service asks for, and one for each IP family that has none. */
export async function reserveAddresses(
  write: ServiceWrite,
  clusterIPs: ClusterIPAllocator,
): Promise<void> {
  const { service, held } = write;
  const { spec } = service;
  if (isExternalName(service) || isHeadless(service)) return;
  const chosen = spec.clusterIPs ?? [];
  for (const ip of chosen) {
    if (!held.ips.includes(ip)) await takeAddress(write, ip, clusterIPs);
  }
  const ips = [...chosen];
  for (const family of (spec.ipFamilies ?? []).slice(chosen.length)) {
    ips.push(await nextAddress(write, family, clusterIPs));
  }
  spec.clusterIPs = ips;
  if (ips[0] !== undefined) spec.clusterIP = ips[0];
}

async function takeAddress(
  { service, ledger, dryRun }: ServiceWrite,
  ip: string,
  clusterIPs: ClusterIPAllocator,
): Promise<void> {
  try {
    if (dryRun) return clusterIPs.checkRange(ip);
    await clusterIPs.allocate(ip, ledger.parent);
    ledger.ips.push(ip);
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    const why = `failed to allocate IP ${ip}: ${error.message}`;
    const cause = invalidValue("spec.clusterIPs", service.spec.clusterIPs, why);
    throw invalid(Kinds.Service, service.metadata.name, [cause]);
  }
}

async function nextAddress(
  { service, ledger, dryRun }: ServiceWrite,
  family: IPFamily,
  clusterIPs: ClusterIPAllocator,
): Promise<string> {
  try {
    if (dryRun) return clusterIPs.placeholder(family);
    const ip = await clusterIPs.allocateNext(family, ledger.parent);
    ledger.ips.push(ip);
    return ip;
  } catch (error) {
    const name = JSON.stringify(service.metadata.name);
    throw exhausted(error, `failed to allocate a serviceIP for Service ${name}`);
  }
}
