import { beforeAll, describe, expect, it } from "vitest";
import { type Reports, runScenario, sandboxProblem } from "../../testing/in-sandbox.ts";

const SEEN = {
  hostname: "pod-a",
  quoting: 'it\'s "a\ntest" $HOME\n/work dir',
  volume: "from the volume\nread-only\nwrote",
  hidden: "ls: cannot access '/run/netns': No such file or directory",
};

/** A run that is an ordinary user's has tested that user with "self". */
const USERS = process.getuid?.() === 0 ? (["self", "ordinary"] as const) : (["self"] as const);

for (const user of USERS) {
  const problem = sandboxProblem(user);
  describe.skipIf(problem !== undefined)(`netns runtime, ${user} user ${problem ?? ""}`, () => {
    let reports: Reports = {};
    beforeAll(async () => {
      reports = await runScenario("runtime", user);
    });

    it("gives a container a root of its own, its volumes, its name and its addresses", () => {
      const { output, ips, written, leaked } = reports["container"] as Record<string, string>;
      expect(ips).toEqual(["10.244.1.2", "fd00:10:244:1::2"]);
      for (const text of Object.values(SEEN)) expect(output).toContain(text);
      expect(output).toContain("2\nhosts: files dns");
      expect(output).toContain("ls: cannot access '/.old'");
      expect({ written, leaked }).toEqual({ written: "x\n", leaked: false });
    });

    it("does the same where the kernel allows no overlay", () => {
      const { output, leaked } = reports["readOnly"] as Record<string, string>;
      for (const text of [SEEN.quoting, SEEN.hidden]) expect(output).toContain(text);
      expect(output).toContain("file\nwritten\nfrom the volume\nread-only\nwrote");
      expect(leaked).toBe(false);
    });

    it("finds its pods again", () => {
      const found = { running: true, phase: "running", output: "found again\n" };
      expect(reports["restart"]).toEqual(found);
    });

    it("notices the end of a container and leaves nothing of a removed pod", () => {
      expect(reports["end"]).toEqual({
        states: [{ phase: "exited", exitCode: 143 }, { phase: "running" }],
        left: [],
        log: "started\n",
        namespaceLeft: false,
      });
    });

    it("lets clients write to programs, to one after the other or once", () => {
      expect(reports["input"]).toEqual({ open: "running", once: "over", terminal: "read" });
    });

    it("says why a container cannot be started", () => {
      expect(reports["failures"]).toEqual({
        program: 'RunContainerError: exec: "no-such-program": executable file not found in $PATH',
        kernel:
          'CreateContainerConfigError: mountPath "/proc/x": ' +
          "the kernel's own directories cannot be replaced",
        directory:
          'RunContainerError: chdir to workingDir "/proc/nowhere": ' +
          "no such directory and it cannot be made",
        sandbox: "the pod's sandbox does not run",
      });
    });

    it("lets an address rest before it gives it again, and shares the node's on demand", () => {
      expect(reports["addresses"]).toEqual({
        ips: ["10.244.1.4", "fd00:10:244:1::4"],
        next: ["10.244.1.5", "fd00:10:244:1::5"],
        shared: [],
      });
    });
  });
}
