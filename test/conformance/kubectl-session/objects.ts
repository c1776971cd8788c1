import type { KubectlSession } from "../../support/kubectl-session.ts";

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: shop}}
data: {colour: red, size: "1"}
`;

/** apply in its forms, and what goes with it. */
export async function apply({ says, fails, file, mutters }: KubectlSession): Promise<void> {
  await file("settings.yaml", SETTINGS);
  await says("kubectl apply -f settings.yaml", "configmap/settings created\n");
  await says("kubectl apply -f - <settings.yaml", "configmap/settings unchanged\n");
  await says("kubectl diff -f settings.yaml", "");
  await file("settings.yaml", SETTINGS.replace("red", "blue"));
  await fails("kubectl diff -f settings.yaml", "");
  await says("kubectl diff -f settings.yaml | grep '^[+-] '", "-  colour: red\n+  colour: blue\n");
  await says(
    "kubectl apply -f settings.yaml --dry-run=server",
    "configmap/settings configured (server dry run)\n",
  );
  await says("kubectl apply -f settings.yaml", "configmap/settings configured\n");
  await says("kubectl apply view-last-applied cm/settings", /^data:\n {2}colour: blue\n/m);
  await says(
    "kubectl create cm other --from-literal=colour=red --dry-run=client -o yaml | " +
      "kubectl apply --server-side -f -",
    "configmap/other serverside-applied\n",
  );
  await fails(
    "kubectl create cm other --from-literal=colour=green --dry-run=client -o yaml | " +
      "kubectl apply --server-side --field-manager=somebody -f -",
    /Apply failed with 1 conflict: conflict with "kubectl": \.data\.colour\n/,
  );
  await says("kubectl replace -f settings.yaml", "configmap/settings replaced\n");
  await says(
    "kubectl replace --force -f settings.yaml",
    'configmap "settings" deleted\nconfigmap/settings replaced\n',
  );
  await fails(
    "kubectl create -f settings.yaml",
    /\(AlreadyExists\).*configmaps "settings" already/,
  );
  await file("typo.yaml", SETTINGS.replace("\ndata:", "\ndta:"));
  await fails("kubectl apply -f typo.yaml", /strict decoding error: unknown field "dta"/);
  await mutters(
    "kubectl apply -f typo.yaml --validate=warn",
    "configmap/settings configured\n",
    /^Warning: unknown field "dta"\n/m,
  );
}

/** An editor that changes a line, one that breaks the object, one that changes nothing. */
export async function edit({ says, fails, mutters }: KubectlSession): Promise<void> {
  const editor = (script: string): string => `KUBE_EDITOR="sed -i '${script}'" kubectl edit`;
  await says(`${editor("s/size: .*/size: large/")} cm settings`, /^configmap\/settings edited\n$/);
  await says("kubectl get cm settings -o jsonpath='{.data.size}'", "large");
  await mutters("KUBE_EDITOR=true kubectl edit cm settings", "", /Edit cancelled, no changes made/);
  await fails(
    `${editor("s/ size: .*/ size: [1]/")} cm settings`,
    /cannot unmarshal array into Go struct field ConfigMap\.data of type string|is invalid/,
  );
  await says(`${editor("s/^data:/immutable: true\\ndata:/")} cm other`, "configmap/other edited\n");
  await fails(
    'kubectl patch cm other -p \'{"data":{"colour":"blue"}}\'',
    /data: Forbidden: field is immutable when `immutable` is set/,
  );
}

/** kustomize is kubectl's own, what it makes is the server's. */
export async function kustomize({ says, file }: KubectlSession): Promise<void> {
  await file("kustomization.yaml", "namePrefix: k-\nresources: [settings.yaml]\n");
  await says(
    "kubectl kustomize .",
    /^metadata:\n {2}labels:\n {4}app: shop\n {2}name: k-settings$/m,
  );
  await says("kubectl apply -k .", "configmap/k-settings created\n");
  await says("kubectl delete -k .", 'configmap "k-settings" deleted\n');
}

/** The generators of `kubectl create`, whose bodies are protobuf. */
export async function create({ says, fails }: KubectlSession): Promise<void> {
  await says("kubectl create secret generic pass --from-literal=p=w", "secret/pass created\n");
  await says("kubectl create serviceaccount robot", "serviceaccount/robot created\n");
  await says("kubectl create token robot --duration=20m", /^ey[\w-]+\.[\w-]+\.[\w-]+$/);
  await says("kubectl create service clusterip c --tcp=80:8080", "service/c created\n");
  await says("kubectl create service nodeport n --tcp=80 --node-port=30500", "service/n created\n");
  await says("kubectl create service externalname e --external-name=a.b", "service/e created\n");
  await says(
    "kubectl get services -o wide --sort-by=.metadata.name",
    /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR\nc +ClusterIP +10\.96\.\d+\.\d+ +<none> +80\/TCP +\S+ +app=c\ne +ExternalName +<none> +a\.b +<none> +\S+ +app=e\nn +NodePort +10\.96\.\d+\.\d+ +<none> +80:30500\/TCP +\S+ +app=n\n$/,
  );
  await fails(
    "kubectl create service nodeport taken --tcp=80 --node-port=30500",
    /spec\.ports\[0\]\.nodePort: Invalid value: 30500: provided port is already allocated/,
  );
  await says(
    "kubectl create ingress in --rule=a.b/=c:80",
    "ingress.networking.k8s.io/in created\n",
  );
  await says(
    "kubectl create poddisruptionbudget guard --selector=app=shop --min-available=1",
    "poddisruptionbudget.policy/guard created\n",
  );
  await says(
    "kubectl create deployment dry --image=pause --dry-run=server -o name",
    "deployment.apps/dry\n",
  );
  await says("kubectl create namespace dry --dry-run=client -o yaml", /^kind: Namespace$/m);
  await says("kubectl describe service c", /^Name: +c\n[^]*^TargetPort: +8080\/TCP\n/m);
}

/** Labels, annotations and the patch types. */
export async function change({ says, fails }: KubectlSession): Promise<void> {
  await says("kubectl label cm settings tier=front", "configmap/settings labeled\n");
  await fails(
    "kubectl label cm settings tier=back",
    "error: 'tier' already has a value (front), and --overwrite is false\n",
  );
  await says("kubectl label --overwrite cm settings tier=back", "configmap/settings labeled\n");
  await says(
    "kubectl get cm -l tier=back --show-labels",
    /^settings +2 +\S+ +app=shop,tier=back$/m,
  );
  await says("kubectl label cm settings tier-", "configmap/settings unlabeled\n");
  await says("kubectl annotate cm settings note=x", "configmap/settings annotated\n");
  await says("kubectl annotate cm settings note-", "configmap/settings annotated\n");
  const patch = "kubectl patch service c";
  const patched = "service/c patched\n";
  await says(
    `${patch} -p '{"spec":{"ports":[{"port":443,"name":"tls"},{"port":80,"name":"web"}]}}'`,
    patched,
  );
  await says("kubectl get service c -o jsonpath='{.spec.ports[*].port}'", "443 80");
  await says(`${patch} --type=merge -p '{"spec":{"sessionAffinity":"ClientIP"}}'`, patched);
  await says(
    `${patch} --type=merge -p '{"spec":{"sessionAffinity":"ClientIP"}}'`,
    "service/c patched (no change)\n",
  );
  await says(
    `${patch} --type=json -p '[{"op":"test","path":"/spec/ports/0/port","value":443},{"op":"remove","path":"/spec/ports/0"}]'`,
    patched,
  );
  await says(
    "kubectl patch ingress in --subresource=status --type=merge " +
      `-p '{"status":{"loadBalancer":{"ingress":[{"ip":"9.9.9.9"}]}}}'`,
    "ingress.networking.k8s.io/in patched\n",
  );
  await says("kubectl get ingress", /^in +<none> +a\.b +9\.9\.9\.9 +80 +\S+$/m);
  await fails(
    `${patch} --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":0}]'`,
    'The Service "c" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive\n',
  );
  await fails(
    `${patch} --type=json -p '[{"op":"test","path":"/spec/type","value":"x"}]'`,
    /the server rejected our request due to an error in our request/,
  );
}

/** The ways to print and to select. */
export async function get({ says, start }: KubectlSession): Promise<void> {
  await says(
    "kubectl get cm other -o yaml",
    /^data:\n {2}colour: red\nimmutable: true\nkind: ConfigMap$/m,
  );
  await says("kubectl get cm other -o json | grep -c managedFields || true", "0\n");
  await says("kubectl get cm other -o yaml --show-managed-fields", /^ {4}manager: kubectl$/m);
  await says("kubectl get cm other -o jsonpath='{.data.colour}'", "red");
  await says(
    "kubectl get cm other -o custom-columns=N:.metadata.name,C:.data.colour",
    "N       C\nother   red\n",
  );
  await says(`kubectl get cm other -o go-template='{{.data.colour}}{{"\\n"}}'`, "red\n");
  await says(
    "kubectl get cm,secret -o name",
    /^configmap\/other\nconfigmap\/settings\nsecret\/pass\n$/m,
  );
  await says("kubectl get cm --chunk-size=1 -o name", /configmap\/other\nconfigmap\/settings\n$/);
  await says("kubectl get services --field-selector=spec.type=NodePort -o name", "service/n\n");
  await says("kubectl get cm -l 'app in (shop),tier!=back' -o name", "configmap/settings\n");
  await says("kubectl get cm -A --no-headers | grep -c settings", "1\n");
  await says("kubectl get --raw /api/v1/namespaces/session/configmaps/other", /"colour":"red"/);
  const watch = start("kubectl get cm --watch --output-watch-events --no-headers");
  await watch.prints(/^ADDED +settings /m);
  await says("kubectl create cm brief", "configmap/brief created\n");
  await says("kubectl delete cm brief", 'configmap "brief" deleted\n');
  await watch.prints(/^ADDED +brief [^]*^DELETED +brief /m);
  await watch.interrupt();
}
