import type { KubectlSession } from "../../support/kubectl-session.ts";

/** Pods by hand, and what they say. */
export async function runAndRead({ says, fails, start }: KubectlSession): Promise<void> {
  await says(
    "kubectl run talker --image=busybox --labels=app=talker --restart=Never " +
      `--overrides='{"spec":{"nodeName":"node-1"}}' --command -- ` +
      "sh -c 'echo first; echo second; while sleep 1; do echo tick; done'",
    "pod/talker created\n",
  );
  await says(
    "kubectl wait --for=condition=Ready pod/talker --timeout=110s",
    "pod/talker condition met\n",
  );
  // Ready it is when it runs: what it says comes later.
  const log = start("kubectl logs --follow talker");
  await log.prints(/^first\nsecond\ntick\n/);
  await log.interrupt();
  await says("kubectl logs talker --limit-bytes=13", "first\nsecond\n");
  await says("kubectl logs talker --since=1h | head -1", "first\n");
  await says(
    "kubectl logs talker --timestamps | head -1",
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\S+Z first\n$/,
  );
  await says(
    "kubectl logs -l app=talker --prefix --tail=1",
    /^\[pod\/talker\/talker\] (?:second|tick)\n$/,
  );
  const follow = start("kubectl logs -f talker --tail=0");
  await follow.prints(/^tick\ntick\n/);
  await follow.interrupt();
  await says(
    "echo typed | kubectl run -i --rm --quiet once --image=busybox --restart=Never --command -- wc -c",
    "6\n",
  );
  await fails("kubectl logs talker -c nope", "error: container nope is not valid for pod talker\n");
  // Not before: the count goes on, and kubectl waits for exactly one.
  await says(
    "kubectl run crash --image=busybox " +
      `--overrides='{"spec":{"nodeName":"node-1"}}' -- sh -c 'echo gone; exit 1'`,
    "pod/crash created\n",
  );
  await says(
    "kubectl wait --for=jsonpath='{.status.containerStatuses[0].restartCount}'=1 pod/crash --timeout=90s",
    "pod/crash condition met\n",
  );
  await says("kubectl logs crash --previous", "gone\n");
  await says(
    "kubectl get pods --field-selector=status.phase=Running,metadata.name=talker -o name",
    "pod/talker\n",
  );
  await says(
    "kubectl get pod talker -o wide",
    /^talker +1\/1 +Running +0 +\S+ +10\.244\.\d\.\d+ +node-\d +<none> +<none>$/m,
  );
  await says("kubectl describe pod talker", /^ {2}Normal +Started .* Started container talker$/m);
  await says(
    "kubectl events --for=pod/talker",
    /^\S+ +Normal +Pulled +Pod\/talker +Container image "busybox" already present on machine$/m,
  );
  await says(
    "kubectl get events --field-selector=involvedObject.name=talker,reason=Started --no-headers",
    /^\S+ +Normal +Started +pod\/talker +Started container talker\n$/,
  );
}

/** Commands in a pod, and files to and from it. */
export async function exec({ says, fails, file }: KubectlSession): Promise<void> {
  await says("kubectl exec talker -- hostname", "talker\n");
  await says("echo typed | kubectl exec -i talker -- cat", "typed\n");
  await fails("kubectl exec talker -- sh -c 'exit 3'", "command terminated with exit code 3\n", 3);
  await fails(
    "kubectl exec talker -c nope -- true",
    "Error from server (BadRequest): container nope is not valid for pod talker\n",
  );
  await says("kubectl exec deployment/web -- true", "");
  await file("there.txt", "copied\n");
  // Whose file it is does not matter: the pod may not know that user.
  const giveAway = "{ [ $(id -u) != 0 ] || chown 1001:1001 there.txt; }";
  await says(`${giveAway} && kubectl cp there.txt talker:/tmp/there.txt`, "");
  await says(
    "kubectl cp talker:/tmp/there.txt back.txt && cat back.txt",
    "tar: Removing leading `/' from member names\ncopied\n",
  );
}

/** Containers that are added to a pod that runs. */
export async function debug({ says, mutters, fails }: KubectlSession): Promise<void> {
  await says("kubectl run patient --image=busybox -- sleep 3600", "pod/patient created\n");
  await says(
    "kubectl wait pod patient --for=condition=Ready --timeout=110s",
    "pod/patient condition met\n",
  );
  await says(
    "kubectl debug patient --image=busybox --profile=general -c once -- sh -c 'hostname; exit 3'",
    "",
  );
  const end = "{.status.ephemeralContainerStatuses[0].state.terminated.exitCode}";
  await says(
    `kubectl wait pod patient --for=jsonpath='${end}'=3 --timeout=110s`,
    "pod/patient condition met\n",
  );
  await says("kubectl logs patient -c once", "patient\n");
  await says("kubectl get pod patient --no-headers", /^patient +1\/1 +Running +0 /);
  await mutters(
    "echo typed | kubectl debug patient -i --image=busybox --profile=general -c fed -- head -n 1",
    "typed\n",
    /^(?:If you don't see a command prompt, try pressing enter\.\n)?$/,
  );
  await says("kubectl describe pod patient", /^Ephemeral Containers:\n {2}once:\n[^]*^ {2}fed:\n/m);
  await says("kubectl explain pod.spec.ephemeralContainers.targetContainerName", /<string>/);
  await fails(
    "kubectl debug patient --image=busybox --profile=general -c other --target=nope",
    /\.targetContainerName: Not found: "nope"/,
  );
  await says("kubectl delete pod patient --now", 'pod "patient" deleted\n');
}

/** What kubectl speaks before 1.31, and when something between refuses WebSockets. */
export async function overSpdy({ says, fails, start }: KubectlSession): Promise<void> {
  const kubectl = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false kubectl";
  await says(`echo typed | ${kubectl} exec -i talker -- cat`, "typed\n");
  await fails(
    `${kubectl} exec talker -- sh -c 'echo bad >&2; exit 3'`,
    "bad\ncommand terminated with exit code 3\n",
    3,
  );
  await says(`${kubectl} exec talker -- head -c 3000000 /dev/zero | wc -c`, "3000000\n");
  await says(`seq 200000 | ${kubectl} exec -i talker -- tail -n 1`, "200000\n");
  const line = start(
    "env KUBECTL_PORT_FORWARD_WEBSOCKETS=false kubectl port-forward deployment/web :8080",
  );
  const [, port] = await line.prints(/^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/m);
  await says(`curl -s http://127.0.0.1:${port}/spdy`, "web\n");
  await line.interrupt();
}

/** Ways from the user's machine to a pod. */
export async function forward({ says, start }: KubectlSession): Promise<void> {
  for (const target of ["deployment/web :8080", "service/web :80"]) {
    const line = start(`kubectl port-forward ${target}`);
    const [, port] = await line.prints(/^Forwarding from 127\.0\.0\.1:(\d+) -> 8080$/m);
    await says(`curl -s http://127.0.0.1:${port}/`, "web\n");
    await line.interrupt();
  }
  const proxy = start("kubectl proxy --port=0");
  const [, port] = await proxy.prints(/^Starting to serve on 127\.0\.0\.1:(\d+)$/m);
  const base = `http://127.0.0.1:${port}/api/v1/namespaces/session`;
  await says(`curl -s ${base}/services/web:80/proxy/`, "web\n");
  await says(`curl -s ${base}/configmaps/other`, /"colour": ?"red"/);
  await proxy.interrupt();
  const attach = start("kubectl attach talker");
  await attach.prints(/^tick$/m);
  await attach.interrupt();
}
