import { report } from "./in-sandbox.ts";
import { firstContainer, isReady, type OneNode, startOneNode } from "./one-node.ts";
import { adoption, STORIES } from "./pods.stories.ts";

/** What pods do on one node in namespaces, told to kubelet.process.test.ts. */
await using lab = await startOneNode();
const stories = Object.entries({ ...STORIES, lostSandbox });
await Promise.all(stories.map(async ([name, story]) => report(name, await story(lab))));
report("adoption", await adoption(lab));

async function lostSandbox(node: OneNode): Promise<unknown> {
  await node.createPod("lost", {
    containers: [{ name: "app", image: "busybox", command: ["tail", "-f", "/dev/null"] }],
  });
  const before = await node.waitForPod("lost", isReady);
  const own = '[ "$(readlink $p/ns/uts)" = "$(readlink /proc/self/ns/uts)" ]';
  const isPause = '[ "$(cat $p/comm 2>/dev/null)" = sleep ]';
  const kill = `for p in /proc/[0-9]*; do ${own} && ${isPause} && kill -9 \${p#/proc/}; done`;
  await node.exec("lost", kill);
  const after = await node.waitForPod("lost", (pod) => {
    return firstContainer(pod)?.restartCount === 1 && isReady(pod);
  });
  return {
    newAddress: before.status?.podIP !== after.status?.podIP,
    exitCode: firstContainer(after)?.lastState?.terminated?.exitCode,
    addresses: after.status?.podIPs?.length,
  };
}
