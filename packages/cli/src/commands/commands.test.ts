import { spawnSync } from "node:child_process";
import { Readable, Writable } from "node:stream";
import type { Node, Pod, Service } from "@kubehop/api";
import { createStyle, joinTrace, type TracedPod } from "@kubehop/trace";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import type { CliContext } from "../context.ts";
import { buildProgram } from "../program.ts";
import { SCRIPTS } from "./completion.ts";
import { type LabArguments, toCommandLine, toLabOptions, withLabOptions } from "./lab-arguments.ts";
import { logPath } from "./logs.ts";
import { CLIENT, dnsForwarded, dnsResolved, httpForwarded, report } from "@kubehop/trace/testing";
import { toJson as traceToJson } from "./trace.ts";
import { type ClusterView, formatStatus, toJson } from "./status.ts";

function createContext(): CliContext & { output: () => string } {
  const chunks: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  return {
    env: { KUBEHOP_HOME: "/tmp/kubehop-none", KUBEHOP_NATS_SERVER: process.execPath },
    stdin: Readable.from([]),
    stdout: sink,
    stderr: sink,
    colour: false,
    node: [process.execPath],
    signal: new AbortController().signal,
    setExitCode: () => {},
    output: () => chunks.join(""),
  };
}

const status = {
  record: {
    name: "lab",
    launcher: { pid: 1, startTime: "1" },
    apiPort: 6443,
    nodes: 1,
    serviceCidr: "10.96.0.0/16",
    clusterCidr: "10.244.0.0/16",
    versions: { kubehop: "0.1.0", node: "v24" },
    createdAt: "2026-01-01T00:00:00Z",
    ready: true,
  },
  processes: [
    {
      name: "apiserver",
      state: "running",
      pid: 42,
      sandboxPid: 7,
      rssBytes: 52_428_800,
      restarts: 1,
      startedAt: Date.UTC(2026, 0, 1, 0, 0, 30),
      lastExit: "SIGKILL",
    },
    {
      name: "kubelet/node-1",
      state: "waiting",
      restarts: 3,
      startedAt: 0,
      lastExit: "exit code 1",
    },
  ],
} as const;
const metadata = { creationTimestamp: "2026-01-01T00:00:00Z" };
const cluster = {
  nodes: [
    {
      metadata: { ...metadata, name: "node-1" },
      spec: { podCIDR: "10.244.1.0/24" },
      status: {
        addresses: [{ type: "InternalIP", address: "172.31.0.11" }],
        conditions: [{ type: "Ready", status: "True" }],
      },
    },
  ] as unknown as Node[],
  services: [
    {
      metadata: { ...metadata, name: "my-api", namespace: "default" },
      spec: { type: "NodePort", clusterIP: "10.96.0.50", ports: [{ port: 80, nodePort: 30_080 }] },
    },
  ] as unknown as Service[],
  pods: [
    {
      metadata: { ...metadata, name: "my-api-x", namespace: "default" },
      spec: { nodeName: "node-1" },
      status: { phase: "Running", podIP: "10.244.1.5", containerStatuses: [{ restartCount: 2 }] },
    },
  ] as unknown as Pod[],
} satisfies ClusterView;

describe("status", () => {
  it("is a set of tables", () => {
    const view = { style: createStyle(false), now: Date.UTC(2026, 0, 1, 0, 1, 0) };
    expect(formatStatus(status, cluster, view))
      .toBe(`lab lab: ready, up 60s, API server https://127.0.0.1:6443

PROCESS          STATE     PID   MEMORY   RESTARTS   UP    LAST EXIT
apiserver        running   42    50Mi     1          30s   SIGKILL
kubelet/node-1   waiting                  3                exit code 1

NODE     READY   ADDRESS       POD CIDR        AGE
node-1   yes     172.31.0.11   10.244.1.0/24   60s

SERVICE          TYPE       CLUSTER-IP   PORTS          AGE
default/my-api   NodePort   10.96.0.50   80:30080/TCP   60s

POD                STATUS    READY   RESTARTS   ADDRESS      NODE     AGE
default/my-api-x   Running   no      2          10.244.1.5   node-1   60s
`);
  });

  it("still shows processes when the API server does not answer", () => {
    const down = { nodes: [], services: [], pods: [], problem: "ECONNREFUSED" };
    const text = formatStatus(status, down, { style: createStyle(false), now: 0 });
    expect(text).toContain("apiserver");
    expect(text).toContain("The API server does not answer: ECONNREFUSED");
  });

  it("has a stable JSON form", () => {
    expect(toJson(status, cluster)).toMatchObject({
      lab: { name: "lab", apiPort: 6443 },
      processes: [
        { name: "apiserver", pid: 42 },
        { name: "kubelet/node-1", state: "waiting" },
      ],
      nodes: [{ name: "node-1", ready: true, ip: "172.31.0.11", podCidr: "10.244.1.0/24" }],
      services: [
        { namespace: "default", name: "my-api", type: "NodePort", clusterIP: "10.96.0.50" },
      ],
      pods: [{ name: "my-api-x", phase: "Running", ready: false, node: "node-1", restarts: 2 }],
    });
  });
});

describe("trace -o json", () => {
  it("has the pods of the request's hops and no others", () => {
    const pod = (name: string, ip: string): TracedPod => ({
      namespace: "default",
      name,
      ip,
      node: "n",
    });
    const from = pod("client", CLIENT);
    const pods = [from, pod("my-api-b", "10.244.3.4"), pod("other", "10.244.9.9")];
    const events = [dnsForwarded, dnsResolved, httpForwarded];
    const request = joinTrace({ report, events, clientIp: CLIENT, podIps: new Set() });
    const byIp = new Map(pods.map((one) => [one.ip, one]));
    expect(traceToJson({ method: "GET", from, request, pods: byIp })).toMatchObject({
      from: { name: "client" },
      complete: true,
      connection: { proxy: { draw: 0.4 } },
      pods: [{ name: "my-api-b" }],
    });
  });
});

describe("lab options", () => {
  const parse = (args: readonly string[]): LabArguments =>
    withLabOptions(new Command()).exitOverride().parse(args, { from: "user" }).opts();

  it("survive the way to a launcher in the background", () => {
    const given = ["--name", "a", "--nodes", "5", "-f", "x.yaml", "-f", "dir", "--timeout", "9"];
    const options = toLabOptions(createContext(), parse(given));
    const [command, ...args] = toCommandLine(options);
    expect(command).toBe("up");
    expect(parse(args)).toEqual(parse(given));
  });

  it.each(["0", "201", "x", "1.5", "-1"])("refuse --nodes %s", (count) => {
    const command = withLabOptions(new Command())
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    expect(() => command.parse(["--nodes", count], { from: "user" })).toThrow("from 1 to 200");
  });
});

describe("logPath", () => {
  it.each([
    [{}, "/api/v1/namespaces/ns/pods/p/log"],
    [{ follow: true, tail: 0 }, "/api/v1/namespaces/ns/pods/p/log?follow=true&tailLines=0"],
    [
      { container: "c", previous: true },
      "/api/v1/namespaces/ns/pods/p/log?container=c&previous=true",
    ],
  ] as const)("%j", (options, path) => {
    expect(logPath("ns", "p", options)).toBe(path);
  });
});

describe("completion", () => {
  const commands = [{ name: "up", description: "it's up", options: ["--nodes", "--name"] }];

  it("gives bash a script that completes commands and their options", () => {
    const complete = (...words: string[]): string => {
      const script = `${SCRIPTS.bash(commands)}COMP_WORDS=(kubehop ${words.join(" ")}); COMP_CWORD=${words.length}; _kubehop; echo "\${COMPREPLY[@]}"`;
      return spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout.trim();
    };
    expect(complete("u")).toBe("up");
    expect(complete("up", "--n")).toBe("--nodes --name");
  });

  it("quotes descriptions for fish", () => {
    expect(SCRIPTS.fish(commands)).toContain("-d 'it\\'s up'");
  });
});

describe("program", () => {
  it("has a description for every command and option", () => {
    const { commands } = buildProgram(createContext());
    const described = commands.flatMap((command) => [
      [command.name(), command.description()],
      ...command.options.map(({ flags, description }) => [flags, description]),
    ]);
    expect(described.filter(([, description]) => description === "")).toEqual([]);
  });

  it("lists its commands in --help", async () => {
    const context = createContext();
    const program = buildProgram(context).exitOverride();
    await expect(program.parseAsync(["--help"], { from: "user" })).rejects.toThrow("outputHelp");
    for (const name of ["start", "up", "down", "trace", "kubectl"]) {
      expect(context.output()).toContain(`  ${name} `);
    }
  });

  it("says how to start a lab when none runs", async () => {
    const program = buildProgram(createContext());
    await expect(program.parseAsync(["status", "--name", "x"], { from: "user" })).rejects.toThrow(
      'No lab "x" runs.\nStart it with: kubehop up --name x --detach',
    );
  });
});
