import { once } from "node:events";
import { type ContainerStatus, Kinds, type Pod } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { kubectl, startKubectl } from "./kubectl.ts";
import { firstContainer, isReady, type OneNode } from "./one-node.ts";

/** What `kubectl debug` does with pods; the pod `server` runs. Each function is one story. */
export const DEBUG_STORIES: Readonly<Record<string, (lab: OneNode) => Promise<unknown>>> = {
  debugOnce,
  debugPiped,
  debugUnknownImage,
  debugBesideInit,
  debugNoProgram,
  debugEndOfPod,
  debugRestartedKubelet,
};

/** Adds a container to a pod and waits for what becomes of it. */
async function debug(
  node: OneNode,
  [pod, name, ...words]: readonly [pod: string, name: string, ...words: string[]],
  fits: (status: ContainerStatus) => boolean,
): Promise<Pod> {
  const options = ["--image=busybox", "--profile=general", `--container=${name}`];
  await kubectl(node, ["debug", pod, ...options, ...words]);
  return node.waitForPod(pod, (seen) => {
    const status = ephemeral(seen, name);
    return status !== undefined && fits(status);
  });
}

function ephemeral(pod: Pod | undefined, name: string): ContainerStatus | undefined {
  return pod?.status?.ephemeralContainerStatuses?.find((status) => status.name === name);
}

const hasEnded = ({ state }: ContainerStatus): boolean => state?.terminated !== undefined;
const isRunning = ({ state }: ContainerStatus): boolean => state?.running !== undefined;

async function debugOnce(node: OneNode): Promise<unknown> {
  const script = `fetch("http://127.0.0.1:9000/from").then((a) => a.text()).then(console.log)`;
  const pod = await debug(
    node,
    ["server", "fetcher", "--", process.execPath, "-e", script],
    hasEnded,
  );
  // Events are written by the way, each for itself: they may come after the status, in any order.
  const events = await waitFor(async () => {
    const { items } = await node.rest.list(Kinds.Event, { namespace: "default" });
    const own = items.filter(({ message = "" }) => message.endsWith(" fetcher"));
    const reasons = own.map(({ reason = "" }) => reason).sort();
    return reasons.length >= 2 ? reasons : undefined;
  });
  const logs = await kubectl(node, ["logs", "server", "-c", "fetcher"]);
  const described = await kubectl(node, ["describe", "pod", "server"]);
  const listed = await kubectl(node, ["get", "pod", "server", "--no-headers"]);
  return {
    phase: pod.status?.phase,
    ready: isReady(pod),
    restarts: firstContainer(pod)?.restartCount,
    status: ephemeral(pod, "fetcher"),
    events,
    logs: logs.stdout,
    described: described.stdout,
    listed: listed.stdout,
  };
}

/** A shell that reads its lines from a pipe, in sight of the container it targets. */
async function debugPiped(node: OneNode): Promise<unknown> {
  const options = ["--image=busybox", "--profile=general", "--container=typed", "--target=app"];
  const child = startKubectl(node, ["debug", "-i", "server", ...options, "--", "sh"], "pipe");
  const closed = once(child, "close");
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr?.resume();
  const seen = "grep -ls '[s]etInterval' /proc/[0-9]*/cmdline | grep -q . && echo sees app";
  child.stdin?.end(`echo typed $((40 + 2))\n${seen}\nexit 0\n`);
  const [code] = (await closed) as [number | null];
  return { code, output };
}

async function debugUnknownImage(node: OneNode): Promise<unknown> {
  await kubectl(node, ["debug", "server", "--image=example.test/none:1", "--container=lost"]);
  const reasons = ["ErrImagePull", "ImagePullBackOff"];
  const pod = await node.waitForPod("server", (seen) =>
    reasons.includes(ephemeral(seen, "lost")?.state?.waiting?.reason ?? ""),
  );
  return { ready: isReady(pod), message: ephemeral(pod, "lost")?.state?.waiting?.message };
}

async function debugBesideInit(node: OneNode): Promise<unknown> {
  const command = ["tail", "-f", "/dev/null"];
  await node.createPod("stuck", {
    initContainers: [{ name: "init", image: "busybox", command }],
    containers: [{ name: "app", image: "busybox", command }],
  });
  const pod = await debug(node, ["stuck", "look", "--", "sh", "-c", "exit 3"], hasEnded);
  return {
    phase: pod.status?.phase,
    main: firstContainer(pod)?.state?.waiting?.reason,
    exitCode: ephemeral(pod, "look")?.state?.terminated?.exitCode,
  };
}

async function debugNoProgram(node: OneNode): Promise<unknown> {
  const pod = await debug(node, ["server", "absent", "--", "no-such-program"], hasEnded);
  return { ready: isReady(pod), state: ephemeral(pod, "absent")?.state };
}

/** A pod ends when its own containers have, whatever an ephemeral one does. */
async function debugEndOfPod(node: OneNode): Promise<unknown> {
  const script = "until [ -e /data/end ]; do sleep 0.1; done";
  await node.createPod("brief", {
    restartPolicy: "Never",
    volumes: [{ name: "data", emptyDir: {} }],
    containers: [
      {
        name: "app",
        image: "busybox",
        command: ["sh", "-c", script],
        volumeMounts: [{ name: "data", mountPath: "/data" }],
      },
    ],
  });
  await debug(node, ["brief", "idle", "--", "sleep", "3600"], isRunning);
  await kubectl(node, ["exec", "brief", "-c", "app", "--", "touch", "/data/end"]);
  const pod = await node.waitForPod("brief", ({ status }) => status?.phase === "Succeeded");
  return ephemeral(pod, "idle")?.state?.terminated?.exitCode;
}

async function debugRestartedKubelet(node: OneNode): Promise<unknown> {
  const before = await debug(node, ["server", "idle", "--", "sleep", "3600"], isRunning);
  await node.killKubelet();
  node.startKubelet();
  // It has come back to the pod once it starts another container of it.
  const after = await debug(node, ["server", "after", "--", "true"], hasEnded);
  const { stdout } = await kubectl(node, ["exec", "server", "-c", "idle", "--", "echo", "there"]);
  return {
    same: JSON.stringify(ephemeral(before, "idle")) === JSON.stringify(ephemeral(after, "idle")),
    ended: ephemeral(after, "fetcher")?.state?.terminated?.exitCode,
    stdout,
  };
}
