import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeLab } from "../support/describe-lab.ts";

const run = promisify(execFile);

/** Asks the API server for pods as what the pod is: its ServiceAccount. */
const LIST_PODS =
  "d=/var/run/secrets/kubernetes.io/serviceaccount; " +
  'curl -s -o /dev/null -w "%{http_code}" --cacert $d/ca.crt -H "Authorization: Bearer $(cat $d/token)" ' +
  "https://kubernetes.default.svc/api/v1/namespaces/default/pods";

describeLab("workloads", { nodes: 2 }, (lab) => {
  const kubectl = async (args: readonly string[], input?: object): Promise<string> => {
    const env = { ...process.env, KUBECONFIG: lab().kubeconfig };
    const running = run("kubectl", args, { env });
    running.child.stdin?.end(input === undefined ? "" : JSON.stringify(input));
    return (await running).stdout;
  };
  const shell = (script: string): object => ({
    restartPolicy: "Never",
    containers: [{ name: "main", image: "busybox", command: ["sh", "-c", script] }],
  });
  const job = (name: string, script: string, spec: object = {}): object => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name },
    spec: { ...spec, template: { spec: shell(script) } },
  });

  test("a DaemonSet runs on every node and rolls out", async () => {
    const labels = { app: "agent" };
    const spec = { containers: [{ name: "main", image: "pause" }] };
    await kubectl(["apply", "-f", "-"], {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "agent" },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    await kubectl(["rollout", "status", "ds/agent", "--timeout=150s"]);
    const nodes = "jsonpath={.items[*].spec.nodeName}";
    const where = await kubectl(["get", "pods", "-l", "app=agent", "-o", nodes]);
    expect(new Set(where.split(" ")).size).toBe(2);
    await kubectl(["rollout", "restart", "ds/agent"]);
    await kubectl(["rollout", "status", "ds/agent", "--timeout=150s"]);
    await kubectl(["delete", "ds", "agent", "--wait=true", "--timeout=150s"]);
  });

  test("a Job runs each of its indexes once, and its logs stay", async () => {
    const spec = { completions: 3, parallelism: 2, completionMode: "Indexed" };
    const manifest = job("squares", "echo $((JOB_COMPLETION_INDEX * JOB_COMPLETION_INDEX))", spec);
    await kubectl(["create", "-f", "-"], manifest);
    await kubectl(["wait", "--for=condition=complete", "job/squares", "--timeout=150s"]);
    const logs = await kubectl(["logs", "-l", "job-name=squares", "--prefix=false"]);
    expect(logs.trim().split("\n").sort()).toEqual(["0", "1", "4"]);
    await kubectl(["delete", "job", "squares", "--timeout=150s"]);
    const left = "get pods -l job-name=squares --no-headers".split(" ");
    await expect.poll(() => kubectl(left), { timeout: 60_000 }).toBe("");
  });

  test("a Job whose pods fail, fails", async () => {
    await kubectl(["create", "-f", "-"], job("broken", "exit 3", { backoffLimit: 0 }));
    await kubectl(["wait", "--for=condition=failed", "job/broken", "--timeout=150s"]);
    const status = "jsonpath={.status.failed} {.status.conditions[?(@.type=='Failed')].reason}";
    expect(await kubectl(["get", "job", "broken", "-o", status])).toBe("1 BackoffLimitExceeded");
  });

  test("a pod may do what its ServiceAccount was given, and nothing before", async () => {
    const answer = async (name: string): Promise<string> => {
      await kubectl(["create", "-f", "-"], job(name, LIST_PODS));
      await kubectl(["wait", "--for=condition=complete", `job/${name}`, "--timeout=150s"]);
      return kubectl(["logs", `job/${name}`]);
    };
    expect(await answer("stranger")).toBe("403");
    const binding = "create rolebinding look --clusterrole=view --serviceaccount=default:default";
    await kubectl(binding.split(" "));
    expect(await answer("viewer")).toBe("200");
  });
});
