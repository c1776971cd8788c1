import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kinds } from "@kubehop/api";
import { createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import { waitFor } from "@kubehop/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../support/cli-process.ts";
import { EXAMPLES } from "../support/paths.ts";
import { whyNoLab } from "../support/requirements.ts";

const START_MS = 170_000;
const NO_LAB = whyNoLab();
const MY_API = { namespace: "default", name: "my-api" };

interface Explained {
  readonly findings: readonly { readonly code: string; readonly message: string }[];
  readonly ports: readonly {
    readonly endpoints: readonly { readonly state: string; readonly probability: number }[];
  }[];
  readonly tables: readonly { readonly node: string; readonly state: string }[];
}

describe.skipIf(NO_LAB !== undefined)(`explain and dig ${NO_LAB ?? ""}`, () => {
  let home = "";
  let rest: RestClient;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "kubehop-explain-"));
    const files = ["my-api.yaml", "client.yaml", "other-ns.yaml"];
    const options = files.flatMap((file) => ["-f", join(EXAMPLES, file)]);
    const up = await runCli(home, ["up", "--detach", ...options]);
    if (up.code !== 0) throw new Error(`kubehop up: ${up.stderr}`);
    const { stdout } = await runCli(home, ["kubeconfig", "--path"]);
    rest = createRestClient({ ...loadKubeconfig(stdout.trim()), userAgent: "test" });
  }, START_MS);

  afterAll(async () => {
    await rest?.[Symbol.asyncDispose]();
    await runCli(home, ["down"]);
    await rm(home, { recursive: true, force: true });
  });

  async function explain(...args: string[]): Promise<{ code: number; explained: Explained }> {
    const { code, stdout } = await runCli(home, ["explain", ...args, "-o", "json"]);
    return { code, explained: JSON.parse(stdout) as Explained };
  }

  /** Every node has the newest table: proxies hear of a change a moment after the API shows it. */
  async function settled(...args: string[]): Promise<{ code: number; explained: Explained }> {
    let last: unknown;
    return waitFor(
      async () => {
        const answer = await explain(...args);
        last = answer.explained;
        return answer.explained.tables.every(({ state }) => state === "current")
          ? answer
          : undefined;
      },
      { timeoutMs: 60_000, describe: () => `tables to be current: ${JSON.stringify(last)}` },
    );
  }

  test("a Service that works: every endpoint is in, every table current", async () => {
    const { code, explained } = await settled("svc/my-api", "--from", "deploy/client");
    expect(code).toBe(0);
    expect(explained.findings).toEqual([]);
    const endpoints = explained.ports[0]?.endpoints ?? [];
    expect(endpoints.map(({ state }) => state)).toEqual(["Serving", "Serving", "Serving"]);
    expect(endpoints.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1);
    expect(explained.tables.map(({ state }) => state)).toEqual(["current", "current", "current"]);
  });

  test("a misspelt selector is named, on a terminal too", async () => {
    const body = { spec: { selector: { app: "my-apy" } } };
    await rest.patch(Kinds.Service, MY_API, { type: "merge", body });
    const { code, explained } = await waitFor(async () => {
      const answer = await settled("svc/my-api");
      return answer.explained.ports[0]?.endpoints.length === 0 ? answer : undefined;
    });
    expect(code).toBe(1);
    expect(explained.findings.map(({ code }) => code)).toEqual(["SelectorMatchesNothing"]);
    const { stdout } = await runCli(home, ["explain", "svc/my-api"]);
    expect(stdout).toContain("Pods have app=my-api: a misspelling?");
    const mended = { spec: { selector: { app: "my-api" } } };
    await rest.patch(Kinds.Service, MY_API, { type: "merge", body: mended });
    await waitFor(async () => (await settled("svc/my-api")).explained.findings.length === 0);
  });

  test("a frozen kube-proxy is told from those that follow", async () => {
    const { stdout } = await runCli(home, ["status", "-o", "json"]);
    const { processes } = JSON.parse(stdout) as { processes: { name: string; pid: number }[] };
    const pid = processes.find(({ name }) => name === "kube-proxy/node-2")?.pid ?? 0;
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, "SIGSTOP");
    try {
      // On a busy machine others may be too late with their answer, too.
      const { explained } = await waitFor(async () => {
        const answer = await explain("svc/my-api");
        const late = answer.explained.tables.filter(({ state }) => state !== "current");
        return late.length === 1 ? answer : undefined;
      });
      expect(explained.tables.map(({ node, state }) => [node, state])).toEqual([
        ["node-1", "current"],
        ["node-2", "silent"],
        ["node-3", "current"],
      ]);
      expect(explained.findings.map(({ code }) => code)).toEqual(["ProxySilent"]);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });

  test("dig shows each step with its DNS pod, and what came from a cache", async () => {
    const { code, stdout } = await runCli(home, ["dig", "my-api.other-ns"]);
    expect(code).toBe(0);
    expect(stdout).toContain("my-api.other-ns.default.svc.cluster.local. A  NXDOMAIN");
    expect(stdout).toMatch(/ 3 {2}my-api\.other-ns\.svc\.cluster\.local\. A {2}NOERROR 10\.96\./);
    expect(stdout).toMatch(/= kube-system\/coredns-\S+ on node-\d \(drew 0\.\d+ among 2\)/);
    await waitFor(async () => {
      const again = await runCli(home, ["dig", "my-api.other-ns", "a"]);
      return again.stdout.includes("answered from its cache");
    });
  });

  test("explain dns says why a name is not found", async () => {
    const { code, stdout } = await runCli(home, ["explain", "dns", "my-apu"]);
    expect(code).toBe(1);
    expect(stdout).toContain('there is no Service "my-apu" in namespace default');
    expect(stdout).toContain("There is a Service my-api: a misspelling?");
  });

  test.each([
    [["explain", "my-api"], 'kubehop: "my-api" is nothing to explain.'],
    [["explain", "svc/nobody"], 'There is no Service "nobody" in namespace default.'],
    [["explain", "svc/my-api", "--node", "node-9"], 'There is no node "node-9".'],
    [["dig", "my-api", "AXFR"], "It must be one of A, AAAA"],
    [["dig", "my-api", "--from", "deploy/nobody"], 'There is no deployment "nobody"'],
  ])("%j is refused", async (args, message) => {
    const { code, stderr } = await runCli(home, args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });
});
