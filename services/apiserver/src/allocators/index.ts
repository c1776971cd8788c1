export { formatAddress, parseAddress, parseCidr, type Cidr } from "./address.ts";
export {
  AllocationError,
  type AddressStore,
  type AllocationStore,
  type PortStore,
  type Reservation,
} from "./allocation-store.ts";
export {
  createClusterIPAllocator,
  usableBands,
  type AllocationOutcome,
  type ClusterIPAllocator,
} from "./cluster-ip.ts";
export {
  createNodePortAllocator,
  parsePortRange,
  type NodePortAllocator,
  type PortRange,
} from "./node-port.ts";
export { createServiceAllocation, type ServiceAllocation } from "./service-allocation.ts";
export { planAddressRepair, type RepairAction, type RepairEvent } from "./repair.ts";
export { planPortRepair } from "./repair-ports.ts";
