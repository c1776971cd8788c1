import { text } from "node:stream/consumers";
import { type Event, Kinds } from "@kubehop/api";
import { findPod } from "@kubehop/trace";
import type { Cluster } from "./cluster.ts";
import { KubehopError } from "./kubehop-error.ts";
import type { PodOptions } from "./pods.ts";

/** Which part of a pod's log is wanted. */
export interface PodLogOptions extends PodOptions {
  /** Default the first one. */
  readonly container?: string;
  /** Only the last lines. */
  readonly tail?: number;
  /** Of the container's run before this one. */
  readonly previous?: boolean;
}

/** Something that happened to an object. */
export interface ClusterEvent {
  /** Normal or Warning. */
  readonly type: string;
  /** One word, e.g. Unhealthy. */
  readonly reason: string;
  readonly message: string;
  /** "Pod default/my-api-0" */
  readonly object: string;
  readonly count: number;
  /** RFC 3339, of the last time. */
  readonly time: string;
}

const LOG_TIMEOUT_MS = 10_000;

/** What a container of a pod has written. Throws PodError or a StatusError. */
export async function podLogs(
  { rest }: Cluster,
  target: string,
  { namespace = "default", container, tail, previous }: PodLogOptions = {},
): Promise<string> {
  const { metadata } = await findPod(rest, namespace, target);
  const query = new URLSearchParams();
  if (container !== undefined) query.set("container", container);
  if (tail !== undefined) query.set("tailLines", String(tail));
  if (previous === true) query.set("previous", "true");
  const { body } = await rest.request({
    method: "GET",
    path: `/api/v1/namespaces/${namespace}/pods/${metadata.name}/log?${query.toString()}`,
    signal: AbortSignal.timeout(LOG_TIMEOUT_MS),
  });
  return text(body);
}

/** The log of one of the lab's own processes, e.g. "kube-proxy/node-1". Throws KubehopError. */
export async function processLogs({ container }: Cluster, name: string): Promise<string> {
  const file = `${name.replaceAll("/", "-")}.log`;
  const script = 'cd "$KUBEHOP_HOME/labs/lab/logs" && cat -- "$0" || { ls; exit 1; }';
  const { exitCode, stdout } = await container.exec(["sh", "-c", script, file]);
  if (exitCode === 0) return stdout;
  const known = stdout.trim().split("\n").join(", ").replaceAll(".log", "");
  throw new KubehopError(`The lab has no process "${name}".`, `Its processes: ${known}.`);
}

/** The cluster's events, oldest first; of one namespace when it is named. */
export async function readEvents(
  { rest }: Cluster,
  { namespace }: PodOptions = {},
): Promise<ClusterEvent[]> {
  const { items } = await rest.list(Kinds.Event, namespace === undefined ? {} : { namespace });
  return items.map(toClusterEvent).toSorted((a, b) => (a.time < b.time ? -1 : 1));
}

function toClusterEvent({ involvedObject, series, ...event }: Event): ClusterEvent {
  const { type = "Normal", reason = "", message = "", count = 1 } = event;
  const { kind = "", namespace, name = "" } = involvedObject;
  return {
    type,
    reason,
    message,
    object: `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
    count: series?.count ?? count,
    time: series?.lastObservedTime ?? lastTime(event),
  };
}

function lastTime({ lastTimestamp, eventTime = "" }: Partial<Event>): string {
  return lastTimestamp ?? eventTime;
}
