import { Kinds, type Pod } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { firstContainer, isReady, type OneNode } from "./one-node.ts";

/** What pods do on one node, whatever runs them; each function is one story. */
export const STORIES: Readonly<Record<string, (lab: OneNode) => Promise<unknown>>> = {
  environment,
  crashLoop,
  initContainers,
  missingConfigMap,
  configMapUpdate,
  unknownImage,
  liveness,
  completion,
  gracefulStop,
  hostNetwork,
  noProgram,
};

const IDLE = ["sleep", "3600"];

async function environment(node: OneNode): Promise<unknown> {
  await node.createPod("environment", {
    hostname: "named",
    subdomain: "sub",
    hostAliases: [{ ip: "10.9.9.9", hostnames: ["alias.example"] }],
    volumes: [
      { name: "scratch", emptyDir: {} },
      {
        name: "fields",
        downwardAPI: { items: [{ path: "who", fieldRef: field("metadata.name") }] },
      },
    ],
    containers: [
      {
        name: "app",
        image: "busybox",
        command: IDLE,
        workingDir: "/work dir",
        env: [
          { name: "POD_IP", valueFrom: { fieldRef: field("status.podIP") } },
          { name: "URL", value: "http://$(POD_IP):80/$$(X)" },
        ],
        volumeMounts: [
          { name: "scratch", mountPath: "/usr/share/nginx/html" },
          { name: "scratch", mountPath: "/srv/part", subPath: "part" },
          { name: "fields", mountPath: "/etc/fields" },
        ],
      },
    ],
  });
  const pod = await node.waitForPod("environment", isReady);
  const lines = [
    "hostname; pwd; echo $URL; cat /etc/resolv.conf /etc/hosts /etc/fields/who; echo",
    "ls /var/run/secrets/kubernetes.io/serviceaccount; ip -4 -o addr show eth0",
    "echo page >/usr/share/nginx/html/index; echo part >/srv/part/x; ls /usr/share/nginx/html/part/x",
    "touch /etc/written /usr/written && echo written; echo $KUBERNETES_SERVICE_PORT; exit 3",
  ];
  const terminal = await node.exec("environment", "tty; echo $HOSTNAME; exit 5", true);
  const outcome = await node.exec("environment", lines.join("; "));
  return { ip: pod.status?.podIP, terminal, ...outcome };
}

async function crashLoop(node: OneNode): Promise<unknown> {
  const script = "echo started; echo last words >/dev/termination-log; exit 7";
  await node.createPod("crash", {
    containers: [{ name: "app", image: "busybox", command: ["sh", "-c", script] }],
  });
  const pod = await node.waitForPod("crash", (candidate) => {
    const status = firstContainer(candidate);
    return status?.state?.waiting?.reason === "CrashLoopBackOff" && status.restartCount >= 2;
  });
  // Events are written by the way: they may come after the status that goes with them.
  const events = await waitFor(async () => {
    const { items } = await node.rest.list(Kinds.Event, { namespace: "default" });
    const own = items.filter((event) => event.involvedObject.name === "crash");
    const reasons = own.map((event) => event.reason);
    return ["Pulled", "Created", "Started", "BackOff"].every((each) => reasons.includes(each))
      ? reasons
      : undefined;
  });
  return {
    phase: pod.status?.phase,
    status: firstContainer(pod),
    previous: await node.log("crash", "previous=true"),
    events,
  };
}

async function initContainers(node: OneNode): Promise<unknown> {
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const init = (name: string): NonNullable<Pod["spec"]["initContainers"]>[number] => ({
    name,
    image: "busybox",
    command: ["sh", "-c", `echo ${name} >>/data/order`],
    volumeMounts,
  });
  await node.createPod("init", {
    volumes: [{ name: "data", emptyDir: {} }],
    initContainers: [
      init("first"),
      {
        ...init("sidecar"),
        restartPolicy: "Always",
        command: ["sh", "-c", "echo sidecar >>/data/order; sleep 3600"],
      },
      init("second"),
    ],
    containers: [{ name: "app", image: "busybox", command: IDLE, volumeMounts }],
  });
  const pod = await node.waitForPod("init", isReady);
  const { output } = await node.exec("init", "cat /data/order");
  return { output, init: pod.status?.initContainerStatuses?.map(({ ready }) => ready) };
}

async function missingConfigMap(node: OneNode): Promise<unknown> {
  const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "late", key: "a" } } }];
  await node.createPod("missing", {
    containers: [{ name: "app", image: "busybox", command: IDLE, env }],
  });
  const waiting = await node.waitForPod("missing", (pod) => {
    return firstContainer(pod)?.state?.waiting?.reason === "CreateContainerConfigError";
  });
  await node.rest.create(Kinds.ConfigMap, configMap("late", { a: "1" }));
  const pod = await node.waitForPod("missing", isReady);
  return { waiting: firstContainer(waiting)?.state, restarts: firstContainer(pod)?.restartCount };
}

async function configMapUpdate(node: OneNode): Promise<unknown> {
  const created = await node.rest.create(Kinds.ConfigMap, configMap("conf", { Corefile: "one" }));
  await node.createPod("update", {
    volumes: [{ name: "conf", configMap: { name: "conf" } }],
    containers: [
      {
        name: "app",
        image: "busybox",
        command: IDLE,
        volumeMounts: [{ name: "conf", mountPath: "/etc/coredns" }],
      },
    ],
  });
  await node.waitForPod("update", isReady);
  const read = async (): Promise<string> =>
    (await node.exec("update", "cat /etc/coredns/Corefile")).output;
  const before = await read();
  await node.rest.update(Kinds.ConfigMap, { ...created, data: { Corefile: "two" } });
  const after = await waitFor(async () => ((await read()) === "two" ? "two" : undefined));
  const write = await node.exec("update", "echo x >/etc/coredns/Corefile");
  return { before, after, write: write.output };
}

async function unknownImage(node: OneNode): Promise<unknown> {
  await node.createPod("unknown", {
    containers: [{ name: "app", image: "example.org/nothing:1" }],
  });
  const pod = await node.waitForPod("unknown", (candidate) => {
    return firstContainer(candidate)?.state?.waiting?.reason === "ImagePullBackOff";
  });
  return firstContainer(pod)?.state?.waiting;
}

async function liveness(node: OneNode): Promise<unknown> {
  const probe = {
    exec: { command: ["test", "-e", "/alive"] },
    periodSeconds: 1,
    // An engine under load takes a second to run a command.
    timeoutSeconds: 10,
    failureThreshold: 1,
  };
  // A first process ends on SIGTERM only if it says so.
  const script = "trap 'exit 143' TERM; touch /alive; while :; do sleep 0.05; done";
  // Until the file is there for the first time its absence means nothing.
  const startupProbe = { ...probe, failureThreshold: 60 };
  const probes = { startupProbe, livenessProbe: probe, readinessProbe: probe };
  await node.createPod("liveness", {
    // Against SIGKILL, which would be another exit code; it ends at once on SIGTERM.
    terminationGracePeriodSeconds: 60,
    containers: [{ name: "app", image: "busybox", command: ["sh", "-c", script], ...probes }],
  });
  await node.waitForPod("liveness", isReady);
  await node.exec("liveness", "rm /alive");
  const pod = await node.waitForPod("liveness", (candidate) => {
    return firstContainer(candidate)?.restartCount === 1 && isReady(candidate);
  });
  return firstContainer(pod)?.lastState;
}

async function completion(node: OneNode): Promise<unknown> {
  await node.createPod("completion", {
    restartPolicy: "Never",
    containers: [{ name: "app", image: "busybox", command: ["sh", "-c", "echo done"] }],
  });
  const pod = await node.waitForPod("completion", ({ status }) => status?.phase === "Succeeded");
  return {
    state: firstContainer(pod)?.state?.terminated?.reason,
    log: await node.log("completion"),
  };
}

async function gracefulStop(node: OneNode): Promise<unknown> {
  const untilTold = "while [ ! -e /go ]; do sleep 0.05; done";
  const script = "trap 'echo term; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
  await node.createPod("graceful", {
    terminationGracePeriodSeconds: 600,
    containers: [
      {
        name: "app",
        image: "busybox",
        command: ["sh", "-c", script],
        lifecycle: { preStop: { exec: { command: ["sh", "-c", untilTold] } } },
      },
    ],
  });
  await node.waitForPod("graceful", isReady);
  await node.rest.delete(Kinds.Pod, { namespace: "default", name: "graceful" });
  const ending = await node.waitForPod("graceful", ({ metadata }) => {
    return metadata.deletionTimestamp !== undefined;
  });
  await node.exec("graceful", "touch /go");
  // Long before its grace period is over.
  await waitFor(async () => (await node.pod("graceful")) === undefined, { timeoutMs: 60_000 });
  return { ready: isReady(ending) };
}

async function hostNetwork(node: OneNode): Promise<unknown> {
  await node.createPod("host", {
    hostNetwork: true,
    containers: [{ name: "app", image: "busybox", command: IDLE }],
  });
  const pod = await node.waitForPod("host", isReady);
  const { output } = await node.exec("host", "hostname; ip -4 -o addr show eth0");
  return { ip: pod.status?.podIP, output };
}

async function noProgram(node: OneNode): Promise<unknown> {
  await node.createPod("no-program", {
    containers: [{ name: "app", image: "busybox", command: ["no-such-program"] }],
  });
  const pod = await node.waitForPod("no-program", (candidate) => {
    return firstContainer(candidate)?.state?.waiting?.reason === "CrashLoopBackOff";
  });
  const failed = await waitFor(async () => {
    const { items } = await node.rest.list(Kinds.Event, { namespace: "default" });
    return items.find((event) => event.reason === "Failed" && isAbout(event, pod));
  });
  const { exitCode, reason } = firstContainer(pod)?.lastState?.terminated ?? {};
  return { message: failed.message, exitCode, reason };
}

/** A kubelet dies: its pods go on, the next one finds them, also one that ended meanwhile. */
export async function adoption(node: OneNode): Promise<unknown> {
  const before = await node.pod("environment");
  await node.createPod("ending", {
    containers: [
      {
        name: "app",
        image: "busybox",
        command: ["sh", "-c", "while [ ! -e /stop ]; do sleep 0.05; done"],
      },
    ],
  });
  await node.waitForPod("ending", isReady);
  await node.exec("ending", "(sleep 1; touch /stop) >/dev/null 2>&1 &");
  await node.killKubelet();
  await node.rest.delete(Kinds.Pod, { namespace: "default", name: "host" });
  node.startKubelet();
  const restarted = await node.waitForPod(
    "ending",
    (pod) => firstContainer(pod)?.restartCount === 1,
  );
  await waitFor(async () => (await node.pod("host")) === undefined);
  const after = await node.pod("environment");
  return {
    sameIp: before?.status?.podIP === after?.status?.podIP,
    restarts: firstContainer(after)?.restartCount,
    exec: (await node.exec("environment", "cat /usr/share/nginx/html/index")).output,
    exitCode: firstContainer(restarted)?.lastState?.terminated?.exitCode,
  };
}

function configMap(
  name: string,
  data: Record<string, string>,
): Parameters<OneNode["rest"]["create"]>[1] {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data };
}

function isAbout(event: { involvedObject: { uid?: string } }, pod: Pod): boolean {
  return event.involvedObject.uid === pod.metadata.uid;
}

function field(fieldPath: string): { fieldPath: string } {
  return { fieldPath };
}
