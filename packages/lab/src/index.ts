export { type ClusterPlan, writeClusterCredentials } from "./cluster-credentials.ts";
export {
  type LabEnvironment,
  type NodeCommand,
  nodeCommand,
  readLabEnvironment,
  stateHome,
} from "./config.ts";
export { kubeconfig, type KubeconfigOptions } from "./kubeconfig.ts";
export { startLab } from "./lab.ts";
export { LabError } from "./lab-error.ts";
export { applyFiles } from "./manifests/apply-files.ts";
export { type LabOptions, type LabProgress } from "./lab-options.ts";
export { type LabProcess, type LabStatus, readLabStatus, signalLabProcess } from "./lab-status.ts";
export { type RunningLab } from "./running-lab.ts";
export { findRunningLab, type KnownLab, labDirectory, runningLabs } from "./state/lab-directory.ts";
export { labFiles, type LabFiles } from "./state/lab-files.ts";
export { type LabRecord, readLabRecord } from "./state/lab-record.ts";
export { identifyProcess, isRunning, type ProcessIdentity } from "./state/process-identity.ts";
export {
  type ProcessState,
  type ProcessStatus,
  type SupervisorEvent,
} from "./supervisor/process-spec.ts";
export { VERSION } from "./version.ts";
