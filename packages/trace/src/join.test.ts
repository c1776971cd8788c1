import type {
  ForwardedEvent,
  HopAddress,
  HopEvent,
  RejectedEvent,
  ResolvedEvent,
} from "@kubehop/api";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CLIENT,
  dnsForwarded,
  dnsResolved,
  httpForwarded,
  report,
} from "./testing/traced-request.ts";
import type { FetchReport } from "./fetch-report.ts";
import { joinTrace } from "./join.ts";

const NO_PODS: ReadonlySet<string> = new Set();
const join = (
  events: readonly HopEvent[],
  change: Partial<FetchReport> = {},
  podIps = NO_PODS,
): ReturnType<typeof joinTrace> =>
  joinTrace({ report: { ...report, ...change }, events, clientIp: CLIENT, podIps });

const rejected = (change: Partial<RejectedEvent> = {}): RejectedEvent => ({
  type: "rejected",
  component: "kube-proxy",
  node: "node-1",
  time: 1_005,
  protocol: "TCP",
  service: "default/my-api:http",
  client: { ip: CLIENT, port: 40_000 },
  frontend: { ip: "10.96.0.50", port: 80 },
  reason: "NoEndpoints",
  resourceVersion: "9",
  ...change,
});
const withPort = ({ ip }: HopAddress, port: number): HopAddress => ({ ip, port });

describe("joinTrace", () => {
  it("joins query, proxy, DNS pod, connection and proxy by 5-tuple", () => {
    const traced = join([httpForwarded, dnsResolved, dnsForwarded]);
    expect(traced.complete).toBe(true);
    expect(traced.queries[0]).toMatchObject({ proxy: dnsForwarded, resolved: dnsResolved });
    expect(traced.connection?.proxy).toBe(httpForwarded);
  });

  it.each<[string, HopEvent[]]>([
    ["nothing was told", []],
    ["the DNS pod is missing", [dnsForwarded, httpForwarded]],
    ["the DNS hop is missing", [dnsResolved, httpForwarded]],
    ["the HTTP hop is missing", [dnsForwarded, dnsResolved]],
  ])("is not complete when %s", (_title, events) => {
    expect(join(events).complete).toBe(false);
  });

  it.each<[string, Partial<ForwardedEvent>]>([
    ["another client port", { client: withPort(httpForwarded.client, 1) }],
    ["another client", { client: { ip: "10.244.9.9", port: httpForwarded.client.port } }],
    ["another frontend", { frontend: withPort(httpForwarded.frontend, 81) }],
    ["another protocol", { protocol: "UDP" }],
  ])("passes over a flow of %s", (_title, change) => {
    expect(join([{ ...httpForwarded, ...change }]).connection?.proxy).toBeUndefined();
  });

  it.each<[string, Partial<ResolvedEvent>]>([
    ["another client", { client: withPort(dnsResolved.client, 1) }],
    ["another name", { question: { name: "my-web.default.svc.cluster.local.", type: "A" } }],
    ["another type", { question: { ...dnsResolved.question, type: "AAAA" } }],
  ])("passes over an answer to %s", (_title, change) => {
    expect(
      join([dnsForwarded, { ...dnsResolved, ...change }]).queries[0]?.resolved,
    ).toBeUndefined();
  });

  it("lets all queries of one socket share the proxy's one decision", () => {
    const [a] = report.queries;
    const aaaa = { ...a, type: "AAAA", answers: [] } as (typeof report.queries)[0];
    const answer = { ...dnsResolved, question: { ...dnsResolved.question, type: "AAAA" } };
    const { queries } = join([dnsForwarded, dnsResolved, answer], {
      queries: [...report.queries, aaaa],
    });
    expect(queries.map(({ proxy }) => proxy)).toEqual([dnsForwarded, dnsForwarded]);
    expect(queries.map(({ resolved }) => resolved)).toEqual([dnsResolved, answer]);
  });

  it("takes the nearest in time when a port was used before", () => {
    const old = { ...httpForwarded, time: httpForwarded.time - 60_000, draw: 0.9 };
    expect(join([old, httpForwarded]).connection?.proxy).toBe(httpForwarded);
    expect(join([httpForwarded, old]).connection?.proxy).toBe(httpForwarded);
  });

  it("compares names without case and final dot", () => {
    const question = { name: "MY-API.default.svc.Cluster.local", type: "A" };
    expect(join([dnsForwarded, { ...dnsResolved, question }]).queries[0]?.resolved).toBeDefined();
  });

  it("joins a refused connection with the proxy's reason", () => {
    const { connection: _connection, ...failed } = report;
    const failure = { remote: { ip: "10.96.0.50", port: 80 }, error: "ECONNREFUSED", ms: 1 };
    const event = rejected();
    const traced = joinTrace({
      report: { ...failed, failedConnections: [failure] },
      events: [rejected({ client: { ip: "10.244.9.9", port: 1 } }), event],
      clientIp: CLIENT,
      podIps: NO_PODS,
    });
    expect(traced.failedConnections).toEqual([{ ...failure, proxy: event }]);
    expect(traced.connection).toBeUndefined();
  });

  it("needs no proxy for a pod's own address", () => {
    const connection = { ...report.connection, remote: { ip: "10.244.2.7", port: 8080 } };
    const change = { connection, queries: [] } as Partial<FetchReport>;
    expect(join([], change, new Set(["10.244.2.7"])).complete).toBe(true);
    expect(join([], change).complete).toBe(false);
  });

  it("does not depend on the order of events", () => {
    const events = [dnsForwarded, dnsResolved, httpForwarded, rejected()];
    const expected = join(events);
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
        expect(join(shuffled)).toEqual(expected);
      }),
    );
  });
});
