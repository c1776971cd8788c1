import type { KubectlSession } from "../../support/kubectl-session.ts";

/** What a user asks first of a cluster he does not know. */
export async function lookAround({ says, fails }: KubectlSession): Promise<void> {
  await says("kubectl version", /^Client Version: v1\.\S+\n.*\nServer Version: v1\.32\.\S+\n$/);
  await says("kubectl cluster-info", /^Kubernetes control plane is running at https:\/\//);
  await says("kubectl api-versions", /^apps\/v1$[^]*^rbac\.authorization\.k8s\.io\/v1$/m);
  await says(
    "kubectl api-resources --api-group=apps",
    "NAME                  SHORTNAMES   APIVERSION   NAMESPACED   KIND\n" +
      "controllerrevisions                apps/v1      true         ControllerRevision\n" +
      "daemonsets            ds           apps/v1      true         DaemonSet\n" +
      "deployments           deploy       apps/v1      true         Deployment\n" +
      "replicasets           rs           apps/v1      true         ReplicaSet\n" +
      "statefulsets          sts          apps/v1      true         StatefulSet\n",
  );
  await says("kubectl api-resources --verbs=list --namespaced -o name", /^services$/m);
  await says("kubectl get --raw /readyz", "ok");
  await says("kubectl get --raw '/livez?verbose'", /^\[\+\]ping ok\n[^]*livez check passed\n$/);
  await says(
    "kubectl get nodes",
    /^NAME +STATUS +ROLES +AGE +VERSION\n(?:node-\d +Ready .*\n){3}$/,
  );
  await says("kubectl get nodes -o wide", /^node-2 .* 172\.31\.0\.12 +<none> /m);
  await says("kubectl describe node node-1", /^Name: +node-1\n[^]*^Allocated resources:$/m);
  await says("kubectl auth whoami -o jsonpath='{.status.userInfo.username}'", "kubernetes-admin");
  await says("kubectl explain deployment.spec.strategy.type", /^FIELD: type <string>$/m);
  await says("kubectl explain service.spec.ports.targetPort", /^FIELD: targetPort <IntOrString>$/m);
  await says("kubectl explain pod --recursive", /^ {6}livenessProbe\t<Probe>$/m);
  await says(
    "kubectl explain cronjob --output=plaintext-openapiv2",
    /^KIND: +CronJob\nVERSION: +batch\/v1\n/,
  );
  await fails(
    "kubectl get nonsense",
    `error: the server doesn't have a resource type "nonsense"\n`,
  );
  await says("kubectl get servicecidrs", /^kubernetes +10\.96\.0\.0\/16 +\S+$/m);
  await says("kubectl wait --for=condition=Ready servicecidr/kubernetes", /condition met\n$/);
  await says(
    "kubectl get ipaddress 10.96.0.1",
    /^10\.96\.0\.1 +services\/default\/kubernetes +\S+$/m,
  );
  await fails("kubectl top nodes", "error: Metrics API not available\n");
  await fails("kubectl top pods", "error: Metrics API not available\n");
}

/** The user's own file: nothing of it reaches the server but the namespace. */
export async function useConfig({ says, start }: KubectlSession): Promise<void> {
  const context = (await says("kubectl config current-context", /^kubehop-/)).trim();
  await says("kubectl create namespace session", "namespace/session created\n");
  await says(
    "kubectl config set-context --current --namespace=session",
    `Context "${context}" modified.\n`,
  );
  await says("kubectl config view --minify -o jsonpath='{..namespace}'", "session");
  await says("kubectl config get-contexts --no-headers", new RegExp(`^\\* +${context} .* session`));
  const accounts = start("kubectl get serviceaccounts --watch");
  await accounts.prints(/^default +0 +\S+$/m);
  await accounts.interrupt();
  await says("kubectl get serviceaccounts", /^NAME +SECRETS +AGE\ndefault +0 +\S+\n$/);
}
