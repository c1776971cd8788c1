import { randomUUID } from "node:crypto";
import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, test } from "vitest";
import { CLIENT, run } from "../support/client-pod.ts";
import { isReady, podsOf } from "../support/cluster.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";
import { hasProgram } from "../support/requirements.ts";

const ZONE = "svc.cluster.local";
const API = `my-api.default.${ZONE}.`;
const SRV = `_http._tcp.${API}`;
const PTR = "50.0.96.10.in-addr.arpa.";

/** Programs that print the data of answers only, over UDP and with another flag over TCP. */
const PROGRAMS = {
  dig: { udp: ["+short"], tcp: ["+short", "+tcp"] },
  kdig: { udp: ["+short"], tcp: ["+short", "+tcp"] },
  drill: { udp: ["-Q"], tcp: ["-Q", "-t"] },
};
/** Whichever of them the machine has; dig is always there in CI. */
const INSTALLED = Object.entries(PROGRAMS).filter(([name]) => hasProgram(name));

const ROLLED_MS = 120_000;

describeLab("resolvers in a pod", { nodes: 1, files: [EXAMPLES] }, (lab) => {
  describe.each(INSTALLED)("%s", (program, flags) => {
    test.each(Object.entries(flags))("over %s", async (_protocol, words) => {
      const ask = async (name: string, type: string) =>
        (await run(lab(), [program, ...words, name, type])).trim();
      expect(await ask(API, "A")).toBe("10.96.0.50");
      expect(await ask(API, "AAAA")).toBe("");
      expect(await ask(SRV, "SRV")).toMatch(/^0 100 80 my-api\.default\.svc\.cluster\.local\.$/);
      expect(await ask(PTR, "PTR")).toBe(API);
      expect(await ask("dns-version.cluster.local.", "TXT")).toBe('"1.1.0"');
      expect(await ask(`gone.default.${ZONE}.`, "A")).toBe("");
    });
  });

  test("c-ares, as Node has it, knows every type and tells no name from no data", async () => {
    const calls = [
      ["resolve4", API],
      ["resolve6", API],
      ["resolveSrv", SRV],
      ["resolvePtr", PTR],
      ["reverse", "10.96.0.50"],
      ["resolveTxt", "dns-version.cluster.local."],
      ["resolveNs", "cluster.local."],
      ["resolve4", `gone.default.${ZONE}.`],
    ];
    const srv = { name: API.slice(0, -1), port: 80, priority: 0, weight: 100 };
    expect(await callDns(calls)).toEqual([
      ["10.96.0.50"],
      "ENODATA",
      [expect.objectContaining(srv)],
      [API.slice(0, -1)],
      [API.slice(0, -1)],
      [["1.1.0"]],
      ["kube-dns.kube-system.svc.cluster.local"],
      "ENOTFOUND",
    ]);
    const soa = { nsname: "ns.dns.cluster.local", hostmaster: "hostmaster.cluster.local" };
    expect(await callDns([["resolveSoa", "cluster.local."]])).toMatchObject([soa]);
  });

  test("glibc's getaddrinfo and getnameinfo walk the search path", async () => {
    for (const name of ["my-api", "my-api.default", "my-api.default.svc", API]) {
      expect(await run(lab(), ["getent", "ahosts", name])).toMatch(/^10\.96\.0\.50 +STREAM/);
    }
    expect(words(await run(lab(), ["getent", "hosts", "10.96.0.50"]))).toEqual([
      "10.96.0.50",
      API.slice(0, -1),
    ]);
    const { code, stdout } = await lab().exec(CLIENT, ["getent", "ahosts", "gone"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    const found = await callDns([
      ["lookup", "my-api"],
      ["lookup", `gone.default.${ZONE}.`],
    ]);
    expect(found).toEqual([{ address: "10.96.0.50", family: 4 }, "ENOTFOUND"]);
  });

  test("lose no query while every DNS pod is replaced", { timeout: ROLLED_MS * 2 }, async () => {
    const before = await dnsPods();
    const file = `/tmp/stop-${randomUUID()}`;
    const load = run(lab(), [process.execPath, "-e", LOAD, file]);
    await restartDns();
    await waitFor(
      async () => {
        const now = await dnsPods();
        const old = new Set(before.map(({ metadata }) => metadata.uid));
        return (
          now.length === before.length &&
          now.every((pod) => isReady(pod) && !old.has(pod.metadata.uid))
        );
      },
      { timeoutMs: ROLLED_MS, describe: "new DNS pods in the place of all old ones" },
    );
    await run(lab(), ["touch", file]);
    const { asked, lost } = JSON.parse(await load) as { asked: number; lost: string[] };
    await run(lab(), ["rm", file]);
    expect(asked).toBeGreaterThan(100);
    expect(lost).toEqual([]);
  });

  const dnsPods = () => podsOf(lab(), "k8s-app=kube-dns", "kube-system");

  /** What `kubectl rollout restart` does. */
  async function restartDns(): Promise<void> {
    const annotations = { "kubectl.kubernetes.io/restartedAt": new Date().toISOString() };
    const body = { spec: { template: { metadata: { annotations } } } };
    const name = { namespace: "kube-system", name: "coredns" };
    await lab().rest.patch(Kinds.Deployment, name, { type: "merge", body });
  }

  /** Calls functions of node:dns in the pod; gives results, or the codes of errors. */
  async function callDns(calls: readonly (readonly string[])[]): Promise<unknown[]> {
    const script = `
      const dns = require("node:dns/promises");
      const call = ([name, argument]) => dns[name](argument).catch(({ code }) => code);
      Promise.all(${JSON.stringify(calls)}.map(call)).then((all) => console.log(JSON.stringify(all)));`;
    return JSON.parse(await run(lab(), [process.execPath, "-e", script])) as unknown[];
  }
});

/**
 * Asks the cluster's DNS, three at a time over UDP and one over TCP, each question once and on a
 * socket of its own, until the file given exists; prints how many and which were not answered.
 */
const LOAD = `
  const { createSocket } = require("node:dgram");
  const { existsSync } = require("node:fs");
  const { connect } = require("node:net");
  const server = "10.96.0.10";
  const labels = "my-api.default.svc.cluster.local".split(".");
  const name = Buffer.concat(labels.map((text) => Buffer.from(String.fromCharCode(text.length) + text)));
  const query = Buffer.concat([
    Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), name, Buffer.from([0, 0, 1, 0, 1]),
  ]);
  const address = Buffer.from([10, 96, 0, 50]);
  const udp = () => new Promise((resolve, reject) => {
    const socket = createSocket("udp4").on("error", reject).once("error", () => socket.close());
    const timer = setTimeout(() => socket.emit("error", new Error("no answer in 5 s")), 5000);
    socket.once("message", resolve).once("message", () => socket.close()).send(query, 53, server);
    socket.once("close", () => clearTimeout(timer));
  });
  const tcp = () => new Promise((resolve, reject) => {
    const socket = connect({ host: server, port: 53, timeout: 5000 }).on("error", reject);
    socket.on("timeout", () => socket.destroy(new Error("no answer in 5 s")));
    socket.once("data", resolve).once("data", () => socket.destroy());
    socket.on("close", () => reject(new Error("closed")));
    socket.write(Buffer.concat([Buffer.from([0, query.length]), query]));
  });
  const stop = process.argv[1];
  const lost = [];
  let asked = 0;
  const worker = async (ask, protocol) => {
    while (!existsSync(stop)) {
      asked++;
      await ask().then(
        (answer) => answer.includes(address) || lost.push(protocol + " " + answer.toString("hex")),
        (error) => lost.push(protocol + " " + error.message),
      );
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  Promise.all([worker(udp, "UDP"), worker(udp, "UDP"), worker(udp, "UDP"), worker(tcp, "TCP")])
    .then(() => console.log(JSON.stringify({ asked, lost })));
`;

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
