import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasProgram, whyNoLab } from "../../support/requirements.ts";
import { CANNOT } from "../cases/cannot.ts";
import { concurrentCases, disruptiveCases, lengthyCases } from "../cases/index.ts";
import { type NetworkCase, runCase } from "./case.ts";
import { type NetworkCluster, type NetworkMode, startNetworkCluster } from "./network-cluster.ts";

const START_MS = 150_000;

/** What a mode needs of the machine. */
const PROGRAMS: Readonly<Record<NetworkMode, readonly string[]>> = {
  userspace: [],
  nftables: ["nft", "conntrack"],
  iptables: ["iptables-restore", "conntrack"],
};

/**
 * Runs every case that a mode can do on one lab, and lists the others with the reason. In userspace
 * mode `forwarder` says over what, epoll by default.
 */
export function describeNetwork(mode: NetworkMode, forwarder?: "node"): void {
  const missing = PROGRAMS[mode].find((program) => !hasProgram(program));
  const problem = whyNoLab() ?? (missing && `there is no program ${missing}`);
  const cannot = CANNOT[mode];
  let cluster: NetworkCluster | undefined;
  const possible = (cases: readonly NetworkCase[]): [string, NetworkCase][] =>
    cases.filter(({ title }) => !(title in cannot)).map((one) => [one.title, one]);
  const run = async (_: string, one: NetworkCase): Promise<void> => {
    if (cluster === undefined) throw new Error("the lab is not running");
    await runCase(cluster, one);
  };

  const over = forwarder === undefined ? "" : ` over ${forwarder}`;
  describe.skipIf(problem !== undefined)(`Services in mode ${mode}${over}`, () => {
    beforeAll(async () => {
      cluster = await startNetworkCluster(mode, forwarder);
    }, START_MS);
    afterAll(() => cluster?.[Symbol.asyncDispose](), START_MS);

    test("runs in the mode it was asked for", async () => {
      const answer = await cluster?.nodes[0].http("http://172.31.0.11:10249/proxyMode");
      expect(answer?.body).toBe(mode);
    });

    test("tells who forwards", async () => {
      const answer = await cluster?.nodes[0].http("http://172.31.0.11:10249/metrics");
      const told = /^kubehop_proxy_forwarder_info\{forwarder="(\w+)"\} 1$/m.exec(
        answer?.body ?? "",
      );
      expect(told?.[1]).toBe(mode === "userspace" ? (forwarder ?? "epoll") : undefined);
    });

    test.concurrent.each(possible(concurrentCases))("%s", run);
    test.each(possible(disruptiveCases))("%s", run);
    test.concurrent.each(possible(lengthyCases))("%s", run);

    test("what the mode cannot do is a case, and has a reason", () => {
      const cases = [...concurrentCases, ...disruptiveCases, ...lengthyCases];
      const titles = cases.map(({ title }) => title);
      expect(new Set(titles).size).toBe(titles.length);
      expect(titles.length).toBeGreaterThanOrEqual(120);
      for (const [title, reason] of Object.entries(cannot)) {
        expect(titles).toContain(title);
        process.stdout.write(`${mode} cannot: ${title}: ${reason}\n`);
      }
    });
  });
}
