import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeProblem, parsePodLabels } from "./labels.ts";

const SPACE = { "kubehop.dev/namespace": "default" };

function parse(labels: Record<string, string>, name = "shop-my_api-1"): unknown {
  const { kind, ...rest } = parsePodLabels({ name, labels: { ...SPACE, ...labels } });
  return kind === "pod" && "pod" in rest ? rest.pod : rest;
}

const PLAIN = {
  namespace: "default",
  name: "shop-my-api-1",
  labels: {},
  ports: [],
  saysReadiness: false,
  container: "app",
};

describe("parsePodLabels", () => {
  it("leaves containers alone that name no namespace", () => {
    const labels = { "kubehop.dev/name": "x", "com.docker.compose.service": "y" };
    expect(parsePodLabels({ name: "x", labels })).toEqual({ kind: "none" });
  });

  it.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ "kubehop.dev/name": "my.pod" }, { name: "my.pod" }],
    [{ "kubehop.dev/container": "web" }, { container: "web" }],
    [{ "kubehop.dev/weight": "0" }, { weight: 0 }],
    [{ "kubehop.dev/weight": " 1000000 " }, { weight: 1_000_000 }],
    [
      { "kubehop.dev/labels": "app=my-api, tier=back,example.org/x=" },
      { labels: { app: "my-api", tier: "back", "example.org/x": "" } },
    ],
    [
      { "kubehop.dev/workload": "my-api" },
      { labels: { app: "my-api", "kubehop.dev/workload": "my-api" } },
    ],
    [
      { "kubehop.dev/workload": "my-api", "kubehop.dev/labels": "app=other" },
      { labels: { app: "other", "kubehop.dev/workload": "my-api" } },
    ],
    [{ "kubehop.dev/labels": "" }, {}],
    [
      { "kubehop.dev/ports": "http=8080/TCP,9090,dns=53/udp,53" },
      {
        ports: [
          { name: "http", containerPort: 8080, protocol: "TCP" },
          { containerPort: 9090, protocol: "TCP" },
          { name: "dns", containerPort: 53, protocol: "UDP" },
          { containerPort: 53, protocol: "TCP" },
        ],
      },
    ],
    [{ "kubehop.dev/readiness": "none" }, { saysReadiness: true }],
    [
      { "kubehop.dev/readiness": "http-get :8080/ready?x=1 period=1s timeout=2s" },
      {
        saysReadiness: true,
        readiness: {
          httpGet: { scheme: "HTTP", port: 8080, path: "/ready?x=1" },
          periodSeconds: 1,
          timeoutSeconds: 2,
        },
      },
    ],
    [
      {
        "kubehop.dev/readiness": "http-get https://:web initial-delay=0 success=2 failure=1",
        "kubehop.dev/ports": "web=8443",
      },
      {
        saysReadiness: true,
        ports: [{ name: "web", containerPort: 8443, protocol: "TCP" }],
        readiness: {
          httpGet: { scheme: "HTTPS", port: "web", path: "/" },
          initialDelaySeconds: 0,
          successThreshold: 2,
          failureThreshold: 1,
        },
      },
    ],
    [
      { "kubehop.dev/readiness": "tcp-socket :5432 period=1m" },
      { saysReadiness: true, readiness: { tcpSocket: { port: 5432 }, periodSeconds: 60 } },
    ],
  ])("follows %j", (labels, pod) => {
    expect(parse(labels)).toEqual({ ...PLAIN, ...pod });
  });

  it.each<[label: string, value: string, accepted: string]>([
    ["namespace", "", "lower case letters, digits and -"],
    ["namespace", "Default", "lower case letters, digits and -"],
    ["name", "-x", "the name of a Pod"],
    ["name", "", "the name of a Pod"],
    ["container", "a.b", "lower case letters, digits and -"],
    ["workload", "", "the name of a workload"],
    ["workload", "my api", "the name of a workload"],
    ["weight", "heavy", "a whole number from 0 to 1000000"],
    ["weight", "-1", "a whole number from 0 to 1000000"],
    ["weight", "1.5", "a whole number from 0 to 1000000"],
    ["weight", "1000001", "a whole number from 0 to 1000000"],
    ["labels", "app", "key=value pairs"],
    ["labels", "app=a=b", "key=value pairs"],
    ["labels", "=x", "key=value pairs"],
    ["labels", "app=a,,x=b", "key=value pairs"],
    ["labels", "app=a,app=b", "key=value pairs"],
    ["labels", "app=a b", "key=value pairs"],
    ["ports", "0", "[NAME=]PORT"],
    ["ports", "65536", "[NAME=]PORT"],
    ["ports", "http", "[NAME=]PORT"],
    ["ports", "HTTP=80", "[NAME=]PORT"],
    ["ports", "a-name-of-16-chars=80", "[NAME=]PORT"],
    ["ports", "80/SCTP", "[NAME=]PORT"],
    ["ports", "80,80/tcp", "each port once"],
    ["ports", "a=80,a=81", "each name"],
    ["ports", "80,", "[NAME=]PORT"],
    ["readiness", "", "none"],
    ["readiness", "none period=1s", "none"],
    ["readiness", "exec cat /x", "tcp-socket"],
    ["readiness", "http-get", "http-get"],
    ["readiness", "http-get 8080", "http-get"],
    ["readiness", "http-get :web", "http-get"],
    ["readiness", "http-get :0/", "http-get"],
    ["readiness", "tcp-socket :80/x", "tcp-socket"],
    ["readiness", "tcp-socket :80 period=0", "period="],
    ["readiness", "tcp-socket :80 period=500ms", "whole seconds"],
    ["readiness", "tcp-socket :80 period=1s period=2s", "period="],
    ["readiness", "tcp-socket :80 success=", "success="],
    ["readiness", "tcp-socket :80 every=1s", "period="],
    ["readyness", "none", "no such label; there are namespace, name, labels"],
  ])("refuses %s=%j", (label, value, accepted) => {
    const name = `kubehop.dev/${label}`;
    expect(parse({ [name]: value })).toEqual({
      problems: [{ label: name, value, accepted: expect.stringContaining(accepted) }],
    });
  });

  it("tells every label that is wrong", () => {
    const labels = { "kubehop.dev/weight": "x", "kubehop.dev/ports": "y" };
    const problems = (parse(labels) as { problems: { label: string }[] }).problems;
    expect(problems.map(({ label }) => label).sort()).toEqual([
      "kubehop.dev/ports",
      "kubehop.dev/weight",
    ]);
  });

  it("refuses the name of a container that no pod can bear", () => {
    expect(parse({}, "x.")).toMatchObject({
      problems: [{ label: "kubehop.dev/name", value: "x." }],
    });
  });

  it("never throws, whatever the labels", () => {
    const key = fc.constantFrom("name", "labels", "ports", "readiness", "weight", "workload", "x");
    fc.assert(
      fc.property(fc.dictionary(key, fc.string()), (given) => {
        const entries = Object.entries(given).map(([name, value]) => [
          `kubehop.dev/${name}`,
          value,
        ]);
        expect(["pod", "wrong"]).toContain(
          parsePodLabels({ name: "c", labels: { ...Object.fromEntries(entries), ...SPACE } }).kind,
        );
      }),
    );
  });
});

it("describeProblem names container, label, value and what is accepted", () => {
  const problem = { label: "kubehop.dev/weight", value: "x", accepted: "a number" };
  expect(describeProblem("shop-1", problem)).toBe(
    'container "shop-1": label kubehop.dev/weight="x": accepted: a number',
  );
});
