import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApiServer, type TestApiServer } from "../testing/api-server.ts";
import { hasKubectl, type Outcome, runKubectl } from "../testing/kubectl.ts";

let server: TestApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string, input?: string): Promise<Outcome> =>
  runKubectl(server, line.split(" "), input);

async function ok(line: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(line, input);
  expect([line, code, stderr]).toEqual([line, 0, ""]);
  return stdout;
}

const ANN = "--as=ann --as-group=dev";

describe.runIf(hasKubectl)("kubectl", () => {
  it("makes roles and bindings, and what they give is given at once", async () => {
    expect((await run(`get pods ${ANN}`)).stderr).toBe(
      'Error from server (Forbidden): pods is forbidden: User "ann" cannot list resource "pods" ' +
        'in API group "" in the namespace "default"\n',
    );
    await ok("create role reader --verb=get,list,watch --resource=pods,pods/log");
    await ok("create rolebinding read --role=reader --group=dev");
    expect((await run(`get pods ${ANN}`)).stderr).toContain("No resources found");
    expect((await run(`get pods -A ${ANN}`)).stderr).toContain("at the cluster scope");
    expect((await run(`delete pods --all ${ANN}`)).code).toBe(0);
    expect((await run(`delete pod x ${ANN}`)).stderr).toContain('cannot delete resource "pods"');
    await ok("delete rolebinding read");
    expect((await run(`get pods ${ANN}`)).code).toBe(1);
  });

  it("asks who may do what", async () => {
    await ok("create clusterrole deployer --verb=* --resource=deployments.apps,services");
    await ok("create clusterrolebinding deploy --clusterrole=deployer --user=ann");
    const canI = async (question: string): Promise<string> => {
      const { stdout } = await run(`auth can-i ${question} ${ANN}`);
      return stdout.trim();
    };
    expect(await canI("create deployments")).toBe("yes");
    expect(await canI("patch deployments.apps --subresource=scale")).toBe("no");
    expect(await canI("get services -n kube-system")).toBe("yes");
    expect(await canI("get secrets")).toBe("no");
    expect(await canI("get /version")).toBe("yes");
    expect(await canI("get /metrics")).toBe("no");
    const list = await ok(`auth can-i --list ${ANN}`);
    expect(list).toMatch(/deployments\.apps\s+\[\]\s+\[\]\s+\[\*\]/);
    expect(list).toMatch(
      /selfsubjectaccessreviews\.authorization\.k8s\.io\s+\[\]\s+\[\]\s+\[create\]/,
    );
    expect(list).toMatch(/\[\/version\]/);
    expect(await ok(`auth whoami ${ANN}`)).toMatch(/Username\s+ann/);
  });

  it("tells of a binding to a role that is not there", async () => {
    await ok("create clusterrolebinding lost --clusterrole=gone --user=bob");
    const { stderr } = await run("get nodes --as=bob");
    expect(stderr).toContain(
      'at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    );
    const { stdout } = await run("auth can-i get nodes --as=bob");
    expect(stdout).toContain('RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found');
  });

  it("lets nobody give away what he does not have", async () => {
    await ok(
      "create clusterrole roles --verb=create,update,patch,get --resource=roles,rolebindings",
    );
    await ok("create rolebinding roles --clusterrole=roles --user=eve");
    const role = await run("create role grab --verb=get --resource=secrets --as=eve");
    expect(role.stderr).toContain(
      'is forbidden: user "eve" (groups=["system:authenticated"]) is attempting to grant RBAC ' +
        'permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    );
    const binding = await run(
      "create rolebinding grab --clusterrole=cluster-admin --user=eve --as=eve",
    );
    expect(binding.stderr).toContain("is attempting to grant RBAC permissions not currently held");
    await ok("create role own --verb=get --resource=roles --as=eve");
    const grown = '[{"op":"add","path":"/rules/0/resources/-","value":"rolebindings/status"}]';
    expect((await run(`patch role own --type=json -p ${grown} --as=eve`)).stderr).toContain(
      "attempting to grant",
    );
    await ok("label role own kept=yes --overwrite --as=eve");
  });

  it("reconciles roles", async () => {
    const manifest = (verbs: string): string => `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: watcher, namespace: default }
rules: [{ apiGroups: [""], resources: [configmaps], verbs: [${verbs}] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: watch, namespace: default }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher }
subjects: [{ kind: User, apiGroup: rbac.authorization.k8s.io, name: ann }]
`;
    const reconcile = (verbs: string): Promise<Outcome> =>
      run("auth reconcile -f -", manifest(verbs));
    expect((await reconcile("get")).stdout).toContain("watcher reconciled");
    expect((await reconcile("get, watch")).stderr).toContain("missing rules added");
    expect((await run(`auth can-i watch configmaps ${ANN}`)).stdout.trim()).toBe("yes");
    const shown = await ok("describe role watcher");
    expect(shown).toMatch(
      /configmaps\s+\[\]\s+\[\]\s+\[get watch\]|configmaps\s+\[\]\s+\[\]\s+\[watch get\]/,
    );
    expect(await ok("get rolebinding watch -o wide")).toMatch(/watch\s+Role\/watcher\s+\d+s\s+ann/);
  });

  it("needs the right to be somebody else", async () => {
    await ok("create clusterrole act --verb=impersonate --resource=users --resource-name=ann");
    await ok("create clusterrolebinding act --clusterrole=act --serviceaccount=default:robot");
    await ok("create serviceaccount robot");
    const token = (await ok("create token robot")).trim();
    const asRobot = (headers: Record<string, string>) =>
      server.send("/apis/authentication.k8s.io/v1/selfsubjectreviews", {
        method: "POST",
        body: {},
        anonymous: true,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
    const self = await asRobot({});
    expect(self.body.status.userInfo).toMatchObject({
      username: "system:serviceaccount:default:robot",
      groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
    });
    const ann = await asRobot({ "impersonate-user": "ann" });
    expect(ann.body.status.userInfo.username).toBe("ann");
    const root = await asRobot({ "impersonate-user": "root" });
    expect([root.status, root.body.message]).toEqual([
      403,
      expect.stringContaining('cannot impersonate resource "users"'),
    ]);
  });

  it("sees the default roles, also after somebody has damaged them", async () => {
    const names = await ok("get clusterroles -o name");
    for (const name of ["cluster-admin", "admin", "edit", "view", "system:node"]) {
      expect(names).toContain(`clusterrole.rbac.authorization.k8s.io/${name}\n`);
    }
    await ok("delete clusterrole system:basic-user");
    await ok("delete clusterrolebinding system:basic-user");
    expect((await run("auth can-i get pods --as=zoe")).stderr).toContain("forbidden");
    await server.restart();
    expect((await run("auth can-i get pods --as=zoe")).stdout.trim()).toBe("no");
  });
});

describe("a ServiceAccount's token", () => {
  it("ends with the pod it is bound to", async () => {
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    const pods = "/api/v1/namespaces/default/pods";
    const create = (path: string, body: object) => server.send(path, { method: "POST", body });
    await create(accounts, { metadata: { name: "bound" } });
    const pod = await create(pods, {
      metadata: { name: "holder" },
      spec: { containers: [{ name: "main", image: "one" }] },
    });
    const { uid } = pod.body.metadata;
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "holder", uid };
    const { body } = await create(`${accounts}/bound/token`, { spec: { boundObjectRef } });
    const headers = { authorization: `Bearer ${body.status.token as string}` };
    const version = () => server.send("/api", { anonymous: true, headers });
    expect((await version()).status).toBe(200);
    const elsewhere = await create(`${accounts}/bound/token`, { spec: { audiences: ["vault"] } });
    const foreign = { authorization: `Bearer ${elsewhere.body.status.token as string}` };
    expect((await server.send("/api", { anonymous: true, headers: foreign })).status).toBe(401);
    await server.send(`${pods}/holder`, { method: "DELETE" });
    expect((await version()).status).toBe(401);
  });
});
