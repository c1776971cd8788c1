import { beforeAll, describe, expect, it } from "vitest";
import { type Reports, runScenario, sandboxProblem } from "./testing/in-sandbox.ts";

const problem = sandboxProblem("self");

describe.skipIf(problem !== undefined)(
  `kubelet with real bus and API server ${problem ?? ""}`,
  () => {
    let reports: Reports = {};
    beforeAll(async () => {
      reports = await runScenario("pods", "self");
    }, 240_000);

    it("gives a pod its name, address, DNS, hosts, volumes and credentials; exec tells the exit code", () => {
      const { ip, output, status } = reports["environment"] as Record<string, string>;
      expect(ip).toMatch(/^10\.244\.1\.\d+$/);
      const parts = [
        `named\n/work dir\nhttp://${ip}:80/$(X)\n`,
        "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\n",
        "options ndots:5\n# Kubernetes-managed hosts file.\n",
        `${ip}\tnamed.sub.default.svc.cluster.local\tnamed\n`,
        "10.9.9.9\talias.example\nenvironment\nca.crt\nnamespace\ntoken\n",
        "/usr/share/nginx/html/part/x\n",
        "written\n443\n",
      ];
      for (const part of parts) expect(output).toContain(part);
      expect(status).toMatchObject({
        reason: "NonZeroExitCode",
        details: { causes: [{ reason: "ExitCode", message: "3" }] },
      });
    });

    it("gives a command a terminal on demand", () => {
      const { terminal } = reports["environment"] as Record<string, unknown>;
      expect(terminal).toMatchObject({
        output: expect.stringMatching(/^\/dev\/pts\/\d+\r\nnamed\r\n$/),
        status: { reason: "NonZeroExitCode", details: { causes: [{ message: "5" }] } },
      });
    });

    it("backs off from a container that keeps ending, and tells its last words", () => {
      const { phase, status, previous, events } = reports["crashLoop"] as Record<string, unknown>;
      expect(phase).toBe("Running");
      expect(status).toMatchObject({
        restartCount: 2,
        ready: false,
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { exitCode: 7, reason: "Error", message: "last words\n" } },
      });
      expect(previous).toBe("started\n");
      expect(events).toEqual(expect.arrayContaining(["Pulled", "Created", "Started", "BackOff"]));
    });

    it("runs init containers in order and keeps sidecars", () => {
      expect(reports["initContainers"]).toEqual({
        output: "first\nsidecar\nsecond\n",
        init: [true, true, true],
      });
    });

    it("waits for a ConfigMap and starts as soon as it is there", () => {
      const message = 'configmap "late" not found';
      expect(reports["missingConfigMap"]).toEqual({
        waiting: { waiting: { reason: "CreateContainerConfigError", message } },
        restarts: 0,
      });
    });

    it("brings the files of a ConfigMap up to date in a running pod", () => {
      expect(reports["configMapUpdate"]).toEqual({
        before: "one",
        after: "two",
        write: expect.stringContaining("Read-only file system"),
      });
    });

    it("says how to add an image it does not know", () => {
      expect(reports["unknownImage"]).toEqual({
        reason: "ImagePullBackOff",
        message: expect.stringContaining("services/kubelet/src/catalogue.ts"),
      });
      expect(reports["noProgram"]).toEqual({
        message: expect.stringContaining("executable file not found in $PATH"),
        exitCode: 128,
        reason: "StartError",
      });
    });

    it("starts a container anew when its liveness probe fails", () => {
      expect(reports["liveness"]).toMatchObject({ terminated: { exitCode: 143 } });
    });

    it("lets a pod come to its end", () => {
      expect(reports["completion"]).toEqual({ state: "Completed", log: "done\n" });
    });

    it("keeps a pod ready while it stops, and removes it then", () => {
      expect(reports["gracefulStop"]).toEqual({ ready: true });
    });

    it("gives a pod of the node's network the node's name and address", () => {
      expect(reports["hostNetwork"]).toMatchObject({
        ip: "172.31.0.11",
        output: expect.stringMatching(/^node-1\n.*172\.31\.0\.11/),
      });
    });

    it("gives a pod a new sandbox when its pause process is gone", () => {
      expect(reports["lostSandbox"]).toEqual({ newAddress: true, exitCode: 137, addresses: 1 });
    });

    it("finds every pod again after a crash: none is restarted, one that ended meanwhile is", () => {
      expect(reports["adoption"]).toEqual({
        sameIp: true,
        restarts: 0,
        exec: "page\n",
        exitCode: 0,
      });
    });
  },
);
