import type { KubectlSession } from "../../support/kubectl-session.ts";

const ROLLED_OUT = /deployment "web" successfully rolled out\n$/;

/** A Deployment from its first pod to its restart. */
export async function rollOut({ says, fails, start }: KubectlSession): Promise<void> {
  await says(
    "kubectl create deployment web --image=agnhost --port=8080 --replicas=2 -- " +
      'node -e \'require("http").createServer((_, r) => r.end("web\\n")).listen(8080)\'',
    "deployment.apps/web created\n",
  );
  await says("kubectl rollout status deployment/web --timeout=110s", ROLLED_OUT);
  await says("kubectl expose deployment web --port=80 --target-port=8080", "service/web exposed\n");
  const slices = start("kubectl get endpointslices -l kubernetes.io/service-name=web --watch");
  await slices.prints(/^web-\w+ +IPv4 +8080 +10\.244\./m);
  await slices.interrupt();
  await says("kubectl scale deployment web --replicas=3", "deployment.apps/web scaled\n");
  await fails(
    "kubectl scale deployment web --replicas=1 --current-replicas=7",
    "error: Expected replicas to be 7, was 3\n",
  );
  await says(
    "kubectl wait --for=jsonpath='{.status.readyReplicas}'=3 deployment/web --timeout=110s",
    "deployment.apps/web condition met\n",
  );
  await says(
    "kubectl wait --for=condition=Available deployment/web",
    "deployment.apps/web condition met\n",
  );
  await says(
    `kubectl patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":2}}'`,
    "scale.autoscaling/web patched\n",
  );
  await says("kubectl get deployment web --subresource=scale -o jsonpath='{.spec.replicas}'", "2");
  await says(
    "kubectl autoscale deployment web --min=1 --max=3 --cpu-percent=50",
    /web autoscaled\n$/,
  );
  await says("kubectl get hpa", /^web +Deployment\/web +cpu: <unknown>\/50% +1 +3 +\d +\S+$/m);
  await says("kubectl delete hpa --all", /"web" deleted\n$/);
}

/** Revisions of a Deployment: back and forth. */
export async function revise({ says, fails }: KubectlSession): Promise<void> {
  await says("kubectl rollout pause deployment/web", "deployment.apps/web paused\n");
  await fails("kubectl rollout pause deployment/web", /deployments\.apps "web" is already paused/);
  await says(
    "kubectl set image deployment/web agnhost=agnhost:2",
    "deployment.apps/web image updated\n",
  );
  await says("kubectl set env deployment/web GREETING=hello", "deployment.apps/web env updated\n");
  await says("kubectl set env deployment/web --list", /^GREETING=hello$/m);
  await says(
    "kubectl set resources deployment/web --limits=cpu=200m,memory=64Mi",
    "deployment.apps/web resource requirements updated\n",
  );
  await says("kubectl rollout resume deployment/web", "deployment.apps/web resumed\n");
  await says("kubectl rollout status deployment/web --timeout=110s", ROLLED_OUT);
  await says(
    "kubectl annotate deployment web kubernetes.io/change-cause='new image'",
    "deployment.apps/web annotated\n",
  );
  await says(
    "kubectl rollout history deployment/web",
    /^deployment\.apps\/web \nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +(?:<none>|new image)\n/,
  );
  await says("kubectl rollout history deployment/web --revision=2", /^ {4}Image:\tagnhost:2$/m);
  await says("kubectl rollout undo deployment/web", "deployment.apps/web rolled back\n");
  await says("kubectl rollout status deployment/web --timeout=110s", ROLLED_OUT);
  await says(
    "kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'",
    "agnhost",
  );
  await fails(
    "kubectl rollout undo deployment/web --to-revision=9",
    /unable to find specified revision 9 in history/,
  );
  await says("kubectl rollout restart deployment/web", "deployment.apps/web restarted\n");
  await says("kubectl rollout status deployment/web --timeout=110s", ROLLED_OUT);
  await says("kubectl describe deployment web", /^Replicas: +2 desired \| 2 updated \| 2 total/m);
  await says("kubectl get all", /^deployment\.apps\/web +2\/2 +2 +2 +\S+$/m);
}

/** Jobs and CronJobs. */
export async function jobs({ says }: KubectlSession): Promise<void> {
  await says("kubectl create job once --image=busybox -- echo done", "job.batch/once created\n");
  await says(
    "kubectl wait --for=condition=complete job/once --timeout=110s",
    "job.batch/once condition met\n",
  );
  await says("kubectl logs job/once", "done\n");
  await says(
    "kubectl create cronjob nightly --image=busybox --schedule='0 0 * * *' -- date",
    "cronjob.batch/nightly created\n",
  );
  await says("kubectl get cronjobs", /^nightly +0 0 \* \* \* +<none> +False +0 +<none> +\S+$/m);
  await says("kubectl create job today --from=cronjob/nightly", "job.batch/today created\n");
  await says(
    "kubectl delete job --all --cascade=foreground",
    /^job\.batch "once" deleted\njob\.batch "today" deleted\n$/,
  );
  await says("kubectl delete cronjob nightly", 'cronjob.batch "nightly" deleted\n');
}

/** The ways to delete. */
export async function remove({ says, fails, mutters }: KubectlSession): Promise<void> {
  await says("kubectl delete deployment web --cascade=orphan", 'deployment.apps "web" deleted\n');
  await says(
    "kubectl get replicasets -l app=web " +
      "-o jsonpath='{range .items[?(@.spec.replicas==2)]}{.spec.replicas}{end}'",
    "2",
  );
  await says(
    "kubectl delete replicaset -l app=web --cascade=background",
    /^(?:replicaset\.apps "web-\w+" deleted\n)+$/,
  );
  await says(
    "kubectl wait --for=delete pod -l app=web --timeout=110s",
    /^(?:pod\/web-\S+ condition met\n)*$/,
  );
  await mutters(
    "kubectl delete pod talker --grace-period=0 --force",
    'pod "talker" force deleted\n',
    /^Warning: Immediate deletion does not wait/,
  );
  await says("kubectl delete pod crash --wait=false", 'pod "crash" deleted\n');
  await says("kubectl delete service c n e web --now", /^(?:service "\w+" deleted\n){4}$/);
  await fails("kubectl delete service c", 'Error from server (NotFound): services "c" not found\n');
  await says("kubectl delete service c --ignore-not-found", "");
  await says(
    "kubectl delete cm,secret --all --dry-run=server",
    /^configmap "other" deleted \(server dry run\)$/m,
  );
  await says("kubectl delete namespace session --timeout=110s", 'namespace "session" deleted\n');
}
