import { Kinds } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import {
  ask,
  answers,
  askName,
  type CaseContext,
  clusterIpOf,
  type NetworkCase,
  nodePortOf,
  patiently,
  reachable,
  servedBy,
} from "../support/case.ts";
import type { Session, Target } from "../support/prober.ts";

const to = (targetPort: number) => [
  { name: "tcp", port: 80, protocol: "TCP" as const, targetPort },
];

/** A Service of one pod's echo, with a connection through it. */
async function connected(test: CaseContext) {
  const pod = await test.pod({ labels: {}, readiness: true });
  const service = await test.service({ ports: to(8082), selector: null });
  const slice = await test.slice({
    service: service.metadata.name,
    ports: [{ name: "tcp", port: 8082, protocol: "TCP" }],
    endpoints: [{ addresses: [pod.status?.podIP ?? ""] }],
  });
  const session = await openWhenServed(test, clusterIpOf(service));
  await says(session, "before");
  return { service, slice, session };
}

function openWhenServed(test: CaseContext, target: Target): Promise<Session> {
  return waitFor(() => test.clients[0].open({ ...target, timeoutMs: 1_000 }), {
    timeoutMs: 60_000,
    describe: `a connection to ${target.host}`,
  });
}

async function says(session: Session, text: string): Promise<void> {
  const reply = await session.say(text);
  if (reply !== text) throw new Error(`said ${text}, heard ${reply}`);
}

const connections: readonly NetworkCase[] = [
  {
    title: "should keep established connections when their endpoint leaves the Service",
    async run(test) {
      const { service, slice, session } = await connected(test);
      const ref = { namespace: "default", name: slice.metadata.name };
      await test.lab.rest.patch(Kinds.EndpointSlice, ref, {
        type: "merge",
        body: { endpoints: [] },
      });
      await answers(test.clients[0], clusterIpOf(service), "REFUSED");
      await says(session, "after");
    },
  },
  {
    title: "should keep established connections when their Service is deleted",
    async run(test) {
      const { service, session } = await connected(test);
      await test.removeService(service);
      await waitFor(async () =>
        /^[A-Z]+$/.test(
          await askName(test.clients[0], { ...clusterIpOf(service), timeoutMs: 200 }),
        ),
      );
      await says(session, "after");
    },
  },
  {
    title: "should hand on the end of one direction and leave the other open",
    async run(test) {
      const { session } = await connected(test);
      const rest = session.finish();
      if ((await rest) !== "") throw new Error("more came than was asked for");
      if ((await session.outcome()) !== "END") throw new Error("no clean end");
    },
  },
  {
    title: "should hand on a reset in the middle of an answer",
    async run(test) {
      const service = await test.service({ ports: to(8084) });
      const session = await openWhenServed(test, clusterIpOf(service));
      await session.say("go on");
      const outcome = await session.outcome();
      if (outcome !== "RESET") throw new Error(outcome);
    },
  },
  {
    title: "should carry a connection whose endpoint accepts and never answers, beside others",
    async run(test) {
      const [mute, usual] = await Promise.all([test.service({ ports: to(8083) }), test.service()]);
      const session = await openWhenServed(test, clusterIpOf(mute));
      const reply = session.say("hello?");
      await servedBy(test.clients[0], clusterIpOf(usual));
      if ((await reply) !== "TIMEOUT") throw new Error(await reply);
    },
  },
  {
    title: "should go to another endpoint when one refuses",
    async run(test) {
      const service = await test.service({ selector: null });
      const pods = await Promise.all([1, 2].map(() => test.pod({ labels: {} })));
      for (const [index, pod] of pods.entries()) {
        await test.slice({
          service: service.metadata.name,
          ports: [{ name: "tcp", port: index === 0 ? 8080 : 9_999, protocol: "TCP" }],
          endpoints: [{ addresses: [pod.status?.podIP ?? ""] }],
        });
      }
      await reachable(test.clients[0], clusterIpOf(service));
      for (let n = 0; n < 30; n++) {
        const name = await askName(test.clients[0], patiently(clusterIpOf(service)));
        if (name !== pods[0]?.metadata.name) throw new Error(`try ${n}: ${name}`);
      }
    },
  },
  {
    title: "should refuse on behalf of an endpoint that refuses",
    async run(test) {
      const service = await test.service({ ports: to(9_999) });
      const refused = test.mode === "userspace" ? "RESET" : "REFUSED";
      await answers(test.clients[0], { ...clusterIpOf(service), timeoutMs: 5_000 }, refused);
    },
  },
  {
    title: "should say when an address cannot be bound",
    async run(test) {
      const port = 31_000 + test.serial;
      const labels = { app: test.id };
      const squatter = await test.pod({
        labels,
        node: "node-2",
        env: { BASE_PORT: String(port) },
        spec: { hostNetwork: true, containers: [] },
      });
      const squat: Target = { host: test.nodeIps[1], port };
      // Its answer has two words. A pod that runs need not listen yet.
      await waitFor(async () => (await ask(test.clients[0], squat)).includes(" "));
      const service = await test.service({
        ports: [{ name: "tcp", port: 80, protocol: "TCP", targetPort: 8080, nodePort: port }],
        spec: { type: "NodePort" },
      });
      await waitFor(
        async () => {
          const fieldSelector = `involvedObject.name=${service.metadata.name}`;
          const { items } = await test.lab.rest.list(Kinds.Event, {
            namespace: "default",
            fieldSelector,
          });
          return items.some(({ reason, message = "" }) => {
            return reason === "FailedToBindPort" && message.includes(`172.31.0.12:${port}`);
          });
        },
        { timeoutMs: 60_000, describe: "an Event on the Service" },
      );
      await servedBy(test.clients[0], clusterIpOf(service));
      await servedBy(test.clients[0], nodePortOf(service, test.nodeIps[0]));
      await test.removePod(squatter.metadata.name, 0);
      await servedBy(test.clients[0], nodePortOf(service, test.nodeIps[1]));
    },
  },
];

const HEALTHZ = "http://172.31.0.12:10256";
const ADMIN = "http://172.31.0.12:10249";

/** What kube-proxy tells of itself, and the API server's paths. */
const urls: readonly NetworkCase[] = [
  url(
    "should check kube-proxy urls: /healthz",
    `${HEALTHZ}/healthz`,
    /"lastUpdated":"20.*"healthy":true/,
  ),
  url("should check kube-proxy urls: /livez", `${HEALTHZ}/livez`, /"healthy":true/),
  url(
    "should check kube-proxy urls: /proxyMode",
    `${ADMIN}/proxyMode`,
    /^(userspace|nftables|iptables)$/,
  ),
  url("should check kube-proxy urls: /configz", `${ADMIN}/configz`, /"kubeproxy.config.k8s.io"/),
  url(
    "should check kube-proxy urls: /metrics",
    `${ADMIN}/metrics`,
    /kubeproxy_sync_proxy_rules_duration_seconds_count\{ip_family="IPv4"\} [1-9][^]*kubeproxy_network_programming_duration_seconds_bucket/,
  ),
  {
    title: "should provide unchanging, static URL paths for kubernetes api services",
    async run({ lab }) {
      for (const path of ["/healthz", "/livez", "/readyz", "/api", "/apis", "/version"]) {
        const { status, body } = await lab.rest.request({ method: "GET", path });
        body.resume();
        if (status !== 200) throw new Error(`${path}: ${status}`);
      }
    },
  },
  {
    title: "should find a service from listing all namespaces, and reach it",
    async run(test) {
      const { items } = await test.lab.rest.list(Kinds.Service);
      const found = items.find(({ metadata }) => metadata.name === "kubernetes");
      if (found === undefined) throw new Error("no Service kubernetes");
      const session = await test.clients[2].open(patiently(clusterIpOf(found)));
      await session.finish();
    },
  },
];

function url(title: string, address: string, pattern: RegExp): NetworkCase {
  return {
    title,
    async run({ outside }) {
      let seen = "";
      // Metrics tell of a change once one was applied.
      await waitFor(
        async () => {
          const { status, body } = await outside.http(address);
          seen = `${status}: ${body.slice(0, 300)}`;
          return status === 200 && pattern.test(body);
        },
        { timeoutMs: 60_000, describe: () => `${address} to say ${pattern}; last: ${seen}` },
      );
    },
  };
}

/** Connections that go wrong, and what components say. */
export const faultCases: readonly NetworkCase[] = [...connections, ...urls];
