import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Container, Pod } from "@kubehop/api";
import { logTail } from "@kubehop/kit";
import { podHostsFile } from "./hosts-file.ts";
import type { PodFiles } from "./pod-to-spec.ts";
import { type ClusterDns, formatResolvConf, podResolvConf } from "./resolv-conf.ts";
import type { ContainerId, ContainerState } from "./runtime/runtime.ts";

/** Where the kubelet keeps what belongs to pods. */
export interface PodDirectories {
  readonly pods: string;
  readonly logs: string;
}

/** What the node contributes to a pod's files. */
export interface NodeFiles {
  readonly dns: ClusterDns;
  /** The node's /etc/hosts. */
  readonly hostsFile: string;
}

/** Longest last words that are reported (MaxContainerTerminationMessageLength). */
const MAX_MESSAGE_BYTES = 4_096;
const MAX_LOG_MESSAGE = { bytes: 2_048, lines: 80 };

/** The log of one start of a container. */
export function logPath(directories: PodDirectories, id: ContainerId): string {
  return join(directories.logs, id.podUid, id.name, `${id.attempt}.log`);
}

/** Writes the files one start of a container has from the kubelet, and says where they are. */
export function writePodFiles(
  directories: PodDirectories,
  pod: Pod,
  id: ContainerId,
  node: NodeFiles & { readonly podIps: readonly string[] },
): PodFiles {
  const own = join(directories.pods, id.podUid);
  const files: PodFiles = {
    hosts: join(own, "etc-hosts"),
    resolvConf: join(own, "resolv.conf"),
    terminationLog: terminationLog(directories, id),
  };
  const conf = podResolvConf(pod.spec, pod.metadata.namespace ?? "", node.dns);
  const hosts = podHostsFile(pod, node.podIps, {
    clusterDomain: node.dns.domain,
    hostsFile: node.hostsFile,
  });
  writeNew(files.resolvConf, formatResolvConf(conf));
  writeNew(files.hosts, hosts);
  // Whatever user the container is writes its last words (pkg/kubelet: "chmod 0666").
  writeNew(files.terminationLog, "", 0o666);
  rmSync(logPath(directories, { ...id, attempt: id.attempt - 2 }), { force: true });
  return files;
}

/** What a start of a container left as last words; undefined for none. */
export function lastWords(
  directories: PodDirectories,
  container: Container,
  { id, exitCode = 0, lastLines }: ContainerState,
): string | undefined {
  try {
    const path = terminationLog(directories, id);
    const size = statSync(path).size;
    if (size > 0) return readFileSync(path, "utf8").slice(-MAX_MESSAGE_BYTES);
  } catch {
    return undefined;
  }
  if (container.terminationMessagePolicy !== "FallbackToLogsOnError" || exitCode === 0) {
    return undefined;
  }
  return lastLines ?? logTail(logPath(directories, id), MAX_LOG_MESSAGE);
}

/** Removes everything that is kept of a pod but its volumes. */
export function removePodFiles(directories: PodDirectories, podUid: string): void {
  rmSync(join(directories.pods, podUid), { recursive: true, force: true });
  rmSync(join(directories.logs, podUid), { recursive: true, force: true });
}

function terminationLog(directories: PodDirectories, id: ContainerId): string {
  return join(directories.pods, id.podUid, "containers", id.name, `${id.attempt}.message`);
}

/** A pod's containers share these files and may change them: only what is missing is written. */
function writeNew(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(path, text, { flag: "wx" });
    chmodSync(path, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
