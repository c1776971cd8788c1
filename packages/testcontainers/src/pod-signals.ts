import type { Pod } from "@kubehop/api";
import { execToText } from "@kubehop/trace";
import type { Cluster } from "./cluster.ts";
import { waitForEnd } from "./container-end.ts";
import { KubehopError } from "./kubehop-error.ts";
import { nameOf, type PodOptions, targetPods } from "./pods.ts";

/** Which container of the pods is meant. */
export interface SignalOptions extends PodOptions {
  /** Default the first one. */
  readonly container?: string;
  /** How long the kubelet may take to tell of the end, in ms; default 30 s. */
  readonly timeoutMs?: number;
}

const EXEC_TIMEOUT_MS = 10_000;
const END_TIMEOUT_MS = 30_000;

/**
 * Signals every process of a container but the kubelet's shell and this script. A container is a
 * mount namespace of its own; those two are the ones in it that were started from outside of it.
 * The program itself comes first. Prints how many were signalled.
 */
const SCRIPT = `
signal=$1 own=$(readlink /proc/self/ns/mnt) inside=" " count=0
for entry in /proc/[0-9]*; do
  [ "$(readlink "$entry/ns/mnt" 2>/dev/null)" = "$own" ] && inside="$inside\${entry#/proc/} "
done
for pid in $inside; do
  read -r stat <"/proc/$pid/stat" || continue
  set -- \${stat##*) }
  [ "$2" = $$ ] && continue
  case $inside in *" $2 "*) kill -s "$signal" "$pid" && count=$((count + 1)) ;; esac
done 2>/dev/null
echo $count`;

/**
 * Sends a signal to the programs of pods and gives the pods' names. One that ends them resolves when
 * the kubelet has told of the end, and TERM when they have been started again. Throws KubehopError
 * when there is no such pod, or no process in one of them.
 */
export async function signalPods(
  cluster: Cluster,
  target: string,
  { signal, ...options }: SignalOptions & { readonly signal: "KILL" | "STOP" | "CONT" | "TERM" },
): Promise<string[]> {
  const pods = await targetPods(cluster, target, options);
  const { container, timeoutMs = END_TIMEOUT_MS } = options;
  await Promise.all(
    pods.map(async (pod) => {
      await signalPod(cluster, pod, { signal, container });
      if (signal === "STOP" || signal === "CONT") return;
      await waitForEnd(cluster, pod, { container, timeoutMs, startedAgain: signal === "TERM" });
    }),
  );
  return pods.map(nameOf);
}

async function signalPod(
  { server }: Cluster,
  pod: Pod,
  { signal, container }: { readonly signal: string; readonly container: string | undefined },
): Promise<void> {
  const { namespace = "default", name } = pod.metadata;
  const { stdout, stderr } = await execToText({
    server,
    namespace,
    pod: name,
    container,
    command: ["sh", "-c", SCRIPT, "sh", signal],
    signal: AbortSignal.timeout(EXEC_TIMEOUT_MS),
  });
  if (Number(stdout.trim()) > 0) return;
  throw new KubehopError(
    `No process of pod ${namespace}/${name} got SIG${signal}: ${stderr.trim() || "none runs"}.`,
    "The container may be between two starts; events() and podLogs() say more.",
  );
}
