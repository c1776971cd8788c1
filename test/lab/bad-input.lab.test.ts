import { Kinds } from "@kubehop/api";
import type { Pod, Status } from "@kubehop/api";
import { waitFor } from "@kubehop/testkit";
import { describe, expect, test } from "vitest";
import { CLIENT, fetchUrl, run, sampleApp } from "../support/client-pod.ts";
import { endpointsReady, slicesOf } from "../support/cluster.ts";
import { postRaw } from "../support/raw-request.ts";
import { describeLab } from "../support/describe-lab.ts";
import { EXAMPLES } from "../support/paths.ts";

const SERVICES = "/api/v1/namespaces/default/services";

describeLab(
  "bad input",
  { nodes: 1, files: [`${EXAMPLES}/my-api.yaml`, `${EXAMPLES}/client.yaml`] },
  (lab) => {
    describe("at the API server", () => {
      test.each([
        [
          "malformed JSON",
          "application/json",
          "{",
          400,
          "BadRequest",
          /JSON|parse|decod|unexpected/i,
        ],
        ["malformed YAML", "application/yaml", "a: [", 400, "BadRequest", /yaml|parse|decod|flow/i],
        ["nothing", "application/json", "", 400, "BadRequest", /./],
        ["a list", "application/json", "[]", 400, "BadRequest", /./],
        ["another kind", "application/json", pod("x", {}), 400, "BadRequest", /Pod/],
        ["a foreign content type", "text/html", "<p>", 415, "UnsupportedMediaType", /./],
      ])("%s is refused with a Status", async (_, contentType, body, code, reason, message) => {
        const status = await post(SERVICES, contentType, body);
        expect(status).toMatchObject({ kind: "Status", status: "Failure", code, reason });
        expect(status.message).toMatch(message);
      });

      test("an unknown kind, version and path are 404", async () => {
        expect(
          await post("/api/v1/namespaces/default/gadgets", "application/json", "{}"),
        ).toMatchObject({ code: 404 });
        expect(await post("/apis/none/v1/things", "application/json", "{}")).toMatchObject({
          code: 404,
        });
      });

      test.each([
        ["an upper-case name", { name: "My-Api" }, {}, "metadata.name"],
        ["a name with a dot", { name: "my.api" }, {}, "metadata.name"],
        [
          "a ClusterIP of another network",
          { name: "a" },
          { clusterIP: "10.97.0.1" },
          "spec.clusterIPs",
        ],
        ["a ClusterIP that is none", { name: "a" }, { clusterIP: "ten" }, "spec.clusterIPs[0]"],
        [
          "a ClusterIP that is taken",
          { name: "a" },
          { clusterIP: "10.96.0.50" },
          "spec.clusterIPs",
        ],
        ["port 0", { name: "a" }, { ports: [{ port: 0 }] }, "spec.ports[0].port"],
        ["port 65536", { name: "a" }, { ports: [{ port: 65_536 }] }, "spec.ports[0].port"],
        ["no port", { name: "a" }, { ports: [] }, "spec.ports"],
        [
          "a protocol nobody speaks",
          { name: "a" },
          { ports: [{ port: 1, protocol: "ICMP" }] },
          "spec.ports[0].protocol",
        ],
      ])("%s is 422 and names the field", async (_, metadata, spec, field) => {
        const body = service(metadata, { ports: [{ port: 80 }], ...spec });
        const status = await post(SERVICES, "application/json", body);
        expect(status).toMatchObject({ code: 422, reason: "Invalid" });
        expect(status.details?.causes?.map((cause) => cause.field)).toContain(field);
      });

      test("after all that it answers as before", async () => {
        expect(
          await lab().rest.get(Kinds.Service, { namespace: "default", name: "my-api" }),
        ).toMatchObject({
          spec: { clusterIP: "10.96.0.50" },
        });
      });
    });

    test("a selector that matches nothing: connections are refused, not hung", async () => {
      const spec = { clusterIP: "10.96.0.51", selector: { app: "nobody" }, ports: [{ port: 80 }] };
      await lab().rest.create(
        Kinds.Service,
        JSON.parse(service({ name: "empty", namespace: "default" }, spec)),
      );
      await waitFor(async () => (await slicesOf(lab(), "empty")).length > 0);
      const attempt = await waitFor(async () => {
        const connect = sampleApp("agnhost", "connect", "--timeout=15s", "10.96.0.51:80");
        const result = await lab().exec(CLIENT, connect);
        return result.stderr === "REFUSED\n" ? result : undefined;
      });
      expect(attempt.code).toBe(1);
      const report = await fetchUrl(lab(), "http://10.96.0.51/");
      expect(report.error).toMatchObject({ step: "connect", reason: "ECONNREFUSED" });
    });

    describe("pods that cannot run say why", () => {
      test("a command that does not exist", async () => {
        const container = { image: "busybox", command: ["/no/such/program"] };
        const seen = await createAndWait("no-command", container, (waiting) =>
          ["RunContainerError", "CrashLoopBackOff", "CreateContainerError"].includes(
            waiting.reason ?? "",
          ),
        );
        expect(await eventsOf(seen, "/no/such/program")).toContain("Failed");
      });

      test("a command that fails again and again", async () => {
        const container = { image: "busybox", command: ["sh", "-c", "echo failing; exit 3"] };
        const seen = await createAndWait(
          "crashing",
          container,
          (waiting) => waiting.reason === "CrashLoopBackOff",
        );
        const [status] = seen.status?.containerStatuses ?? [];
        expect(status?.lastState?.terminated?.exitCode).toBe(3);
        expect(status?.restartCount).toBeGreaterThan(0);
        expect(status?.state?.waiting?.message).toMatch(/back-off .* restarting failed container/);
      });

      test("an image nobody has", async () => {
        const seen = await createAndWait("no-image", { image: "example.com/none:1" }, (waiting) =>
          ["ImagePullBackOff", "ErrImagePull"].includes(waiting.reason ?? ""),
        );
        const events = await eventsOf(seen, "kubehop/sample-app");
        expect(events).toContain("example.com/none");
        expect(events).toContain("services/kubelet/src/catalogue.ts");
      });

      test("a ConfigMap nobody has made", async () => {
        const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "none", key: "a" } } }];
        const container = { image: "busybox", command: ["sleep", "60"], env };
        const seen = await createAndWait(
          "no-config",
          container,
          (waiting) => waiting.reason === "CreateContainerConfigError",
        );
        expect(JSON.stringify(seen.status)).toContain('configmap \\"none\\" not found');
      });
    });

    describe("at the sockets", () => {
      test("garbage on DNS port 53 gets FORMERR or silence, and queries go on being answered", async () => {
        const script = `
        const { createSocket } = require("node:dgram"); const { connect } = require("node:net");
        const garbage = [Buffer.alloc(0), Buffer.from([1]), Buffer.alloc(11, 255), Buffer.alloc(12, 255), Buffer.alloc(4000, 192)];
        const socket = createSocket("udp4");
        socket.on("message", () => {}); socket.on("error", () => {});
        for (let i = 0; i < 200; i += 1) socket.send(garbage[i % garbage.length], 53, "10.96.0.10");
        const tcp = connect(53, "10.96.0.10"); tcp.on("error", () => {}).on("close", () => {});
        tcp.write(Buffer.concat([Buffer.from([0, 12]), Buffer.alloc(12, 255), Buffer.from([255, 255, 1])]));
        setTimeout(() => { socket.close(); tcp.destroy(); console.log("sent"); }, 500);`;
        expect(await run(lab(), [process.execPath, "-e", script])).toBe("sent\n");
        const report = await fetchUrl(lab(), "http://my-api/hello");
        expect(report.response?.status).toBe(200);
      });

      test("clients that connect and send nothing hold nobody up", async () => {
        await endpointsReady(lab(), "my-api", 3);
        const script = `
        const { connect } = require("node:net");
        const silent = Array.from({ length: 50 }, () => connect(80, "10.96.0.50").on("error", () => {}));
        const tcp = connect(53, "10.96.0.10").on("error", () => {});
        fetch("http://my-api/hello").then((r) => r.json()).then((answer) => {
          console.log(answer.pod); for (const socket of [...silent, tcp]) socket.destroy(); });`;
        expect(await run(lab(), [process.execPath, "-e", script])).toMatch(/^my-api-/);
      });

      test("bytes that are no HTTP pass through the proxy, the pod answers 400", async () => {
        const script = `
        const socket = require("node:net").connect(80, "10.96.0.50");
        socket.end("\\0\\1 nothing\\r\\n\\r\\n"); socket.pipe(process.stdout);`;
        expect(await run(lab(), [process.execPath, "-e", script])).toContain("400 Bad Request");
      });
    });

    /** Waits until the events of a pod mention something; gives them all. */
    function eventsOf(pod: Pod, text: string): Promise<string> {
      return waitFor(
        async () => {
          const { items } = await lab().rest.list(Kinds.Event, { namespace: "default" });
          const own = items.filter((event) => event.involvedObject.uid === pod.metadata.uid);
          const told = own.map((event) => `${event.reason}: ${event.message}`).join("\n");
          return told.includes(text) ? told : undefined;
        },
        { describe: `an event of ${pod.metadata.name} with ${text}` },
      );
    }

    function post(path: string, contentType: string, body: string): Promise<Status> {
      return postRaw(lab().kubeconfig, path, { contentType, body });
    }

    type Waiting = { reason?: string | undefined; message?: string | undefined };

    async function createAndWait(
      name: string,
      container: Record<string, unknown>,
      accept: (waiting: Waiting) => boolean,
    ): Promise<Pod> {
      const spec = { containers: [{ name: "main", ...container }] };
      await lab().rest.create(Kinds.Pod, JSON.parse(pod(name, spec)));
      let last: Pod | undefined;
      return waitFor(
        async () => {
          const seen: Pod = await lab().rest.get(Kinds.Pod, { namespace: "default", name });
          last = seen;
          const waiting = seen.status?.containerStatuses?.[0]?.state?.waiting;
          return waiting && accept(waiting) ? seen : undefined;
        },
        {
          timeoutMs: 60_000,
          describe: () => `pod ${name} to fail as expected: ${JSON.stringify(last?.status)}`,
        },
      );
    }
  },
);

function pod(name: string, spec: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec,
  });
}

function service(metadata: Record<string, unknown>, spec: Record<string, unknown>): string {
  return JSON.stringify({ apiVersion: "v1", kind: "Service", metadata, spec });
}
