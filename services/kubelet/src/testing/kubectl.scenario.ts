import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Kinds, type PodDisruptionBudget } from "@kubehop/api";
import { DEBUG_STORIES } from "./debug.stories.ts";
import { report } from "./in-sandbox.ts";
import { kubectl, startKubectl } from "./kubectl.ts";
import { isReady, type OneNode, startOneNode } from "./one-node.ts";

/** What stock kubectl does with pods that run, told to kubectl.process.test.ts. */
const STORIES: Readonly<Record<string, (lab: OneNode) => Promise<unknown>>> = {
  portForward,
  attach,
  copy,
  proxy,
  ...DEBUG_STORIES,
};

await using lab = await startOneNode();
await lab.createPod("server", { containers: [server()] });
await lab.waitForPod("server", isReady);
for (const [name, story] of Object.entries(STORIES)) report(name, await story(lab));
report("drain", await drain(lab));

/** Listens on every address at 8080 and on the pod's loopback alone at 9000. */
function server(): {
  name: string;
  image: string;
  command: string[];
  ports: { containerPort: number }[];
} {
  const script = `
    const http = require("node:http");
    const answer = (text) => (request, response) => response.end(text + " " + request.url);
    http.createServer(answer("everywhere")).listen(8080);
    http.createServer(answer("loopback")).listen(9000, "127.0.0.1");
    setInterval(() => console.log("tick"), 100);
  `;
  const command = [process.execPath, "-e", script];
  return { name: "app", image: "busybox", command, ports: [{ containerPort: 8080 }] };
}

async function portForward(node: OneNode): Promise<unknown> {
  const ports = [":8080", ":9000", ":7"];
  const child = startKubectl(node, ["port-forward", "pod/server", ...ports]);
  // It ends by itself when a port of the pod refuses; only then all that it says has come.
  const closed = once(child, "close");
  const errors: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => errors.push(text));
  const locals = await forwarded(child, ports.length);
  const get = async (port: number | undefined): Promise<string> =>
    fetch(`http://127.0.0.1:${port}/x`).then(
      (answer) => answer.text(),
      () => "refused",
    );
  const [everywhere, loopback] = await Promise.all(locals.slice(0, 2).map(get));
  const many = await Promise.all(Array.from({ length: 20 }, () => get(locals[0])));
  const nobody = await get(locals[2]);
  child.kill();
  child.stdout?.resume();
  await closed;
  return {
    everywhere,
    loopback,
    many: new Set(many).size,
    nobody,
    error: errors.join("").includes("error forwarding port 7 to pod"),
  };
}

async function forwarded(child: ChildProcess, count: number): Promise<number[]> {
  const ports: number[] = [];
  if (child.stdout === null) return ports;
  for await (const line of createInterface(child.stdout)) {
    const port = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) ports.push(Number(port));
    if (ports.length === count) break;
  }
  return ports;
}

async function attach(node: OneNode): Promise<unknown> {
  const child = startKubectl(node, ["attach", "server"]);
  const [first] = (await once(child.stdout ?? child, "data")) as [Buffer];
  child.kill();
  await once(child, "exit");
  return String(first).split("\n")[0];
}

async function copy(node: OneNode): Promise<unknown> {
  const local = join(dirname(node.kubeconfig), "local.txt");
  await writeFile(local, "copied");
  await kubectl(node, ["cp", local, "server:/tmp/remote.txt"]);
  const { stdout } = await kubectl(node, ["exec", "server", "--", "cat", "/tmp/remote.txt"]);
  return stdout;
}

async function proxy(node: OneNode): Promise<unknown> {
  const raw = (path: string): Promise<string> =>
    kubectl(node, ["get", "--raw", path]).then(({ stdout }) => stdout);
  return {
    pod: await raw("/api/v1/namespaces/default/pods/server:8080/proxy/y?z=1"),
    node: await raw("/api/v1/nodes/node-1/proxy/healthz"),
  };
}

async function drain(node: OneNode): Promise<unknown> {
  const budget = await node.rest.create(Kinds.PodDisruptionBudget, {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "guard", namespace: "default" },
    spec: { minAvailable: 1, selector: { matchLabels: { guarded: "yes" } } },
  });
  await kubectl(node, ["label", "pod", "server", "guarded=yes"]);
  await count(node, budget, 0);
  const drained = ["drain", "node-1", "--force", "--ignore-daemonsets"];
  const refused = await refusalOf(node, drained);
  await count(node, budget, 1);
  const { stdout } = await kubectl(node, drained);
  const { spec } = await node.rest.get(Kinds.Node, { name: "node-1" });
  await kubectl(node, ["uncordon", "node-1"]);
  const after = await node.rest.get(Kinds.Node, { name: "node-1" });
  return {
    refused,
    drained: stdout.includes("node/node-1 drained"),
    pod: (await node.pod("server")) === undefined,
    unschedulable: [spec?.unschedulable ?? false, after.spec?.unschedulable ?? false],
  };
}

/** Whether it is told that the budget allows no eviction; kubectl would go on trying. */
async function refusalOf(node: OneNode, words: readonly string[]): Promise<boolean> {
  const text = "Cannot evict pod as it would violate the pod's disruption budget.";
  const child = startKubectl(node, words);
  const closed = once(child, "close");
  let errors = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (more: string) => {
    errors += more;
    if (errors.includes(text)) child.kill();
  });
  const [code] = (await closed) as [number | null];
  return code !== 0 && errors.includes(text);
}

/** Counts as the disruption controller would. */
async function count(
  { rest }: OneNode,
  { metadata }: PodDisruptionBudget,
  disruptionsAllowed: number,
): Promise<void> {
  const counts = { currentHealthy: 1, desiredHealthy: 1 - disruptionsAllowed, expectedPods: 1 };
  const body = { status: { observedGeneration: 1, disruptionsAllowed, ...counts } };
  const ref = { namespace: "default", name: metadata.name };
  const patch = { type: "merge", body } as const;
  await rest.patch(Kinds.PodDisruptionBudget, ref, patch, { subresource: "status" });
}
