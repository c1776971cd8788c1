import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { Network, type StartedNetwork, type StartedTestContainer } from "testcontainers";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StartedKubehopContainer } from "./index.ts";
import { createMark, docker, newLab, newProgram } from "./testing/docker.ts";

/** Answers with its argument: HTTP and bare TCP on 8080 and 7, UDP on 7. */
const ECHO = `
const name = process.argv[1];
require("http").createServer((q, a) => a.end(name)).listen(8080);
require("net").createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (data) => data == "reset" ? socket.resetAndDestroy() : socket.write(data));
}).listen(7);
const udp = require("dgram").createSocket("udp4");
udp.on("message", (data, peer) => udp.send(name + " " + data, peer.port, peer.address));
udp.bind(7, () => console.log("listening"));
process.on("SIGTERM", () => process.exit());
`;

const mark = createMark("add-pod");
let network: StartedNetwork;
let lab: StartedKubehopContainer;
let stable: StartedTestContainer;
let victim: StartedTestContainer;

beforeAll(async () => {
  network = await new Network().start();
  lab = await newLab(mark).withNetwork(network).withYaml(services()).start();
  stable = await newProgram(mark, ECHO, "stable").withNetwork(network).start();
  victim = await newProgram(mark, ECHO, "victim").withNetwork(network).start();
});

afterAll(async () => {
  await Promise.all([lab, stable, victim].map((container) => container?.stop()));
  await network?.stop();
  const left = await mark.leftovers();
  if (left.length > 0) throw new Error(`containers are left: ${left.join(" ")}`);
});

test("a container becomes an endpoint, with its weight, for pods and the test process", async () => {
  await lab.addPod(stable, { ...relayed("stable"), weight: 3 });
  const added = await lab.addPod(victim, relayed("victim"));
  expect(added).toMatchObject({ namespace: "default", name: "victim" });
  await lab.waitForEndpoints("shop", 2);

  const { body, trace } = await lab.request("http://shop/");
  expect(["stable", "victim"]).toContain(body);
  const hop = trace.request.connection?.proxy;
  if (hop?.type !== "forwarded") throw new Error("the connection was not forwarded");
  const weights = hop.candidates.map(({ ip, weight }) => [trace.pods.get(ip)?.name, weight]);
  expect(new Map(weights as [string, number][])).toEqual(
    new Map([
      ["stable", 3],
      ["victim", 1],
    ]),
  );
  const names = await askTimes(60);
  expect(new Set(names)).toEqual(new Set(["stable", "victim"]));
});

test("bytes go both ways, and a reset of the container is a reset", async () => {
  const { host, port } = await lab.forwardService("shop:echo");
  const echo = connect({ host, port, allowHalfOpen: true });
  echo.write("hello");
  const [answer] = (await once(echo, "data")) as [Buffer];
  expect(answer.toString()).toBe("hello");
  echo.write("reset");
  await expect(text(echo)).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("datagrams reach it, too", async () => {
  const { host, port } = await lab.forwardService("shop:datagrams");
  const socket = createSocket("udp4");
  socket.send("hello", port, host);
  const [answer] = (await once(socket, "message", { signal: AbortSignal.timeout(60_000) })) as [
    Buffer,
  ];
  socket.close();
  expect(answer.toString()).toMatch(/^(stable|victim) hello$/);
});

test("a container that is killed leaves the endpoints, and is back when it runs again", async () => {
  await lab.waitForEndpoints("shop", 2);
  await docker("kill", victim.getId());
  const [left] = await lab.waitForEndpoints("shop", 1);
  expect(left?.pod).toBe("stable");
  expect(new Set(await askTimes(20))).toEqual(new Set(["stable"]));
  await docker("start", victim.getId());
  await lab.waitForEndpoints("shop", 2);
});

test("one that refuses is refused from inside, not accepted and dropped", async () => {
  await lab.addPod(stable, {
    name: "nobody-listens",
    labels: { app: "nobody-listens" },
    ports: [9_999],
    waitUntilReady: false,
  });
  const [pod] = await podAddress("nobody-listens");
  await expect(lab.request(`http://${pod}:9999/`)).rejects.toMatchObject({
    step: "connect",
    reason: "ECONNREFUSED",
  });
  const late = lab.addPod(stable, {
    name: "never-ready",
    labels: { app: "never-ready" },
    ports: [9_998],
    timeoutMs: 12_000,
  });
  await expect(late).rejects.toThrow(
    "Pod default/never-ready is not ready after 12000 ms: its readiness probe fails. It said:",
  );
});

test("a paused container accepts and says nothing, as a paused pod does", async () => {
  await docker("pause", victim.getId());
  try {
    const { host, port } = await lab.forwardService("only-victim");
    const silent = fetch(`http://${host}:${port}`, { signal: AbortSignal.timeout(700) });
    await expect(silent).rejects.toMatchObject({ name: "TimeoutError" });
  } finally {
    await docker("unpause", victim.getId());
  }
});

test("a pod that is removed is no endpoint; its container runs on", async () => {
  const extra = await lab.addPod(stable, { ...relayed("extra") });
  await lab.waitForEndpoints("shop", 3);
  await extra.remove();
  await lab.waitForEndpoints("shop", 2);
  expect((await stable.exec(["true"])).exitCode).toBe(0);
});

test("what cannot be is said", async () => {
  await expect(lab.addPod(stable, { ...relayed("none"), ports: [] })).rejects.toThrow(
    "Pod default/none has no ports.",
  );
  await expect(lab.addPod(stable, relayed("stable"))).rejects.toThrow('"stable" already exists');
  await using elsewhere = await newProgram(mark, ECHO, "elsewhere").start();
  await expect(lab.addPod(elsewhere, relayed("elsewhere"))).rejects.toThrow(
    /is on network bridge, the lab on .*: neither reaches the other\.\nGive both the same one/,
  );
});

function relayed(name: string) {
  return {
    name,
    labels: { app: "shop", name },
    ports: [8080, 7, { port: 7, protocol: "UDP" as const }],
  };
}

async function askTimes(times: number): Promise<string[]> {
  const url = await lab.serviceUrl("shop:http");
  const ask = async (): Promise<string> =>
    (await fetch(url, { headers: { connection: "close" } })).text();
  return Promise.all(Array.from({ length: times }, ask));
}

/** The pod's address, from its Endpoints even while it is not ready. */
async function podAddress(app: string): Promise<string[]> {
  const unready = `${service(app)}  publishNotReadyAddresses: true\n  clusterIP: None\n`;
  await lab.apply(unready);
  let answers: readonly string[] = [];
  const ask = async (): Promise<readonly string[]> => {
    ({ answers } = await lab.resolve(app, { type: "A" }));
    return answers;
  };
  await expect.poll(ask, { timeout: 60_000 }).toHaveLength(1);
  return [...answers];
}

function services(): string {
  return [
    service("shop", [
      "{ name: http, port: 80, targetPort: 8080 }",
      "{ name: echo, port: 7 }",
      "{ name: datagrams, port: 7, protocol: UDP }",
    ]),
    service("only-victim").replace("app: only-victim", "name: victim"),
  ].join("---\n");
}

function service(name: string, ports = ["{ port: 80, targetPort: 8080 }"]): string {
  return `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${name} }
  ports: [${ports.join(", ")}]
`;
}
