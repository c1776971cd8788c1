import { describe, expect, it } from "vitest";
import { probeCommand, SANDBOX_MODES, sandboxCommand } from "./sandbox-command.ts";

const [user, root, withoutPid] = SANDBOX_MODES;

describe("sandboxCommand", () => {
  it("ends with its launcher and reaps orphans", () => {
    expect(user && sandboxCommand(user, ["node", "main.ts"]).join(" ")).toBe(
      "setpriv --pdeathsig KILL unshare --user --map-root-user --net --mount --pid --fork " +
        '--kill-child --mount-proc sh -c "$@"; exit $? sh node main.ts',
    );
  });

  it("drops what a machine forbids, mode by mode", () => {
    expect(root?.unshare).not.toContain("--user");
    expect(withoutPid?.unshare).toEqual(["--user", "--map-root-user", "--net", "--mount"]);
    expect(SANDBOX_MODES.map((mode) => mode.pidNamespace)).toEqual([true, true, false]);
  });
});

describe("probeCommand", () => {
  it("tries in the same namespaces what the sandbox will do", () => {
    const command = user === undefined ? [] : probeCommand(user);
    expect(command.slice(0, -3)).toEqual(["unshare", ...(user?.unshare ?? [])]);
    expect(command.at(-1)).toMatch(/tmpfs .* bridge .* veth/);
  });
});
