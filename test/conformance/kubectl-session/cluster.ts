import type { KubectlSession } from "../../support/kubectl-session.ts";

const WIDER = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: session}
rules: [{apiGroups: [""], resources: [services], verbs: [get]}]
`;

/** Who may do what. */
export async function access({ says, fails, file, mutters }: KubectlSession): Promise<void> {
  await says("kubectl auth can-i create pods", "yes\n");
  await says("kubectl auth can-i get /metrics", "yes\n");
  const robot = "--as=system:serviceaccount:session:robot";
  await fails(`kubectl auth can-i list pods ${robot}`, "");
  await fails(
    `kubectl get pods ${robot}`,
    'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:session:robot" ' +
      'cannot list resource "pods" in API group "" in the namespace "session"\n',
  );
  await says(
    "kubectl create role reader --verb=get,list --resource=pods,pods/log",
    "role.rbac.authorization.k8s.io/reader created\n",
  );
  await says(
    "kubectl create rolebinding reader --role=reader --serviceaccount=session:robot",
    "rolebinding.rbac.authorization.k8s.io/reader created\n",
  );
  await says(`kubectl auth can-i list pods ${robot}`, "yes\n");
  await says(`kubectl auth can-i --list ${robot}`, /^pods +\[\] +\[\] +\[get list\]$/m);
  await says(
    "kubectl --token=$(kubectl create token robot) get pod talker -o name",
    "pod/talker\n",
  );
  await file("wider.yaml", WIDER);
  await mutters(
    "kubectl auth reconcile -f wider.yaml",
    "role.rbac.authorization.k8s.io/reader reconciled\n",
    /^\treconciliation required update\n\tmissing rules added:\n/,
  );
  await says(
    "kubectl get role reader -o jsonpath='{.rules[*].resources}'",
    '["pods","pods/log"] ["services"]',
  );
  await says(
    "kubectl create clusterrole probe --verb=get --non-resource-url=/metrics",
    "clusterrole.rbac.authorization.k8s.io/probe created\n",
  );
  await says(
    "kubectl create clusterrolebinding probe --clusterrole=probe --user=jane",
    "clusterrolebinding.rbac.authorization.k8s.io/probe created\n",
  );
  await says("kubectl auth can-i get /metrics --as=jane", "yes\n");
  const kubelet = "--as=system:node:node-2 --as-group=system:nodes";
  await says(`kubectl get node node-1 -o name ${kubelet}`, "node/node-1\n");
  await fails(
    `kubectl label node node-1 x=y ${kubelet}`,
    /node "node-2" is not allowed to modify node "node-1"/,
  );
  await fails(
    `kubectl get secret pass ${kubelet}`,
    /no relationship found between node 'node-2' and this object\n$/,
  );
  await fails(
    `kubectl delete pod talker ${kubelet}`,
    /node "node-2" can only delete pods with spec\.nodeName set to itself\n$/,
  );
  await says(
    "kubectl delete clusterrole,clusterrolebinding probe",
    /^(?:clusterrole\S+ "probe" deleted\n){2}$/,
  );
}

/** A node goes out of service and comes back. */
export async function nodes({ says, fails }: KubectlSession): Promise<void> {
  await says("kubectl cordon node-3", "node/node-3 cordoned\n");
  await says("kubectl get node node-3", /^node-3 +Ready,SchedulingDisabled /m);
  await says("kubectl taint nodes node-3 maintenance=yes:NoSchedule", "node/node-3 tainted\n");
  await says("kubectl get node node-3 -o jsonpath='{.spec.taints[*].key}'", /\bmaintenance\b/);
  await says("kubectl taint nodes node-3 maintenance-", "node/node-3 untainted\n");
  await says(
    "kubectl drain node-3 --ignore-daemonsets --delete-emptydir-data --force --timeout=90s 2>&1",
    /\nnode\/node-3 drained\n$|^node\/node-3 already cordoned\n[^]*node\/node-3 drained\n$/,
  );
  await says(
    "kubectl get pods -A --field-selector=spec.nodeName=node-3 -o name --ignore-not-found",
    "",
  );
  await says("kubectl uncordon node-3", "node/node-3 uncordoned\n");
  await fails(
    "kubectl cordon nowhere",
    'Error from server (NotFound): nodes "nowhere" not found\n',
  );
}
