import {
  NOT_READY_TAINT,
  UNREACHABLE_TAINT,
  type Container,
  type ContainerPort,
  type EnvVar,
  type LifecycleHandler,
  type PodSpec,
  type Probe,
  type ResourceRequirements,
  type Toleration,
  type Volume,
} from "@kubehop/api";
import { setDefaults, setOrDelete } from "./defaults.ts";

const DEFAULT_SERVICE_ACCOUNT = "default";
const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;
const TOLERATION_SECONDS = 300;

/** Fills in a pod's spec as upstream does (pkg/apis/core/v1/defaults.go). */
export function setPodDefaults(spec: PodSpec): void {
  setDefaults(spec, {
    containers: [],
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    schedulerName: "default-scheduler",
    securityContext: {},
  });
  // The old name of the field is kept in step with the new one.
  const account = spec.serviceAccountName ?? spec.serviceAccount;
  setOrDelete(spec, "serviceAccountName", account);
  setOrDelete(spec, "serviceAccount", account);
  const { initContainers = [], containers, ephemeralContainers = [] } = spec;
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) {
    setContainerDefaults(container, spec);
  }
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume);
}

/** What admission adds to a pod, but not to a template: its ServiceAccount and tolerations. */
export function setPodAdmissionDefaults(spec: PodSpec): void {
  setDefaults(spec, { enableServiceLinks: true, serviceAccountName: DEFAULT_SERVICE_ACCOUNT });
  setOrDelete(spec, "serviceAccount", spec.serviceAccountName);
  for (const key of [NOT_READY_TAINT, UNREACHABLE_TAINT]) {
    if ((spec.tolerations ?? []).some((toleration) => tolerates(toleration, key))) continue;
    const toleration: Toleration = { key, operator: "Exists", effect: "NoExecute" };
    const added = { ...toleration, tolerationSeconds: TOLERATION_SECONDS };
    spec.tolerations = [...(spec.tolerations ?? []), added];
  }
}

function tolerates({ key = "", effect = "NoExecute" }: Toleration, taint: string): boolean {
  return (key === "" || key === taint) && effect === "NoExecute";
}

function setContainerDefaults(container: Container, spec: PodSpec): void {
  setDefaults(container, {
    imagePullPolicy: isLatest(container.image ?? "") ? "Always" : "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
  container.resources = withRequests(container.resources ?? {});
  for (const port of container.ports ?? []) setPortDefaults(port, spec);
  for (const env of container.env ?? []) setEnvDefaults(env);
  const { livenessProbe, readinessProbe, startupProbe, lifecycle = {} } = container;
  for (const probe of [livenessProbe, readinessProbe, startupProbe]) setProbeDefaults(probe);
  for (const hook of Object.values(lifecycle)) setHookDefaults(hook);
}

function setEnvDefaults({ valueFrom }: EnvVar): void {
  if (valueFrom?.fieldRef !== undefined) setDefaults(valueFrom.fieldRef, { apiVersion: "v1" });
}

function setPortDefaults(port: ContainerPort, { hostNetwork }: PodSpec): void {
  setDefaults(port, { protocol: "TCP" });
  if (hostNetwork === true) setDefaults(port, { hostPort: port.containerPort });
}

function setHookDefaults(hook: LifecycleHandler | string): void {
  if (typeof hook !== "string") setHttpDefaults(hook.httpGet);
}

/** An image without tag and digest, or with tag `latest`, is fetched each time. */
function isLatest(image: string): boolean {
  if (image.includes("@")) return false;
  const tag = image.slice(image.lastIndexOf("/") + 1).split(":")[1];
  return tag === undefined || tag === "latest";
}

/** A limit without a request is the request too. */
function withRequests(resources: ResourceRequirements): ResourceRequirements {
  const { limits } = resources;
  if (limits === undefined) return resources;
  return { ...resources, requests: { ...limits, ...resources.requests } };
}

function setProbeDefaults(probe: Probe | undefined): void {
  if (probe === undefined) return;
  // Zero counts as absent, as in upstream's Go types.
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  setHttpDefaults(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= "";
}

function setHttpDefaults(action: Probe["httpGet"]): void {
  if (action === undefined) return;
  action.path ||= "/";
  action.scheme ??= "HTTP";
}

function setVolumeDefaults(volume: Volume): void {
  const { configMap, secret, projected, downwardAPI, hostPath } = volume;
  for (const source of [configMap, secret, projected, downwardAPI]) {
    if (source !== undefined) source.defaultMode ??= FILE_MODE;
  }
  if (hostPath !== undefined) hostPath.type ??= "";
  for (const { serviceAccountToken } of projected?.sources ?? []) {
    if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS;
  }
}
