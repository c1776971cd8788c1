import { describe, expect, it } from "vitest";
import { type MachineFacts, remedy } from "./machine.ts";

const FREE: MachineFacts = {
  root: false,
  container: false,
  appArmorRestricted: false,
  usernsCloneOff: false,
  noUserNamespaces: false,
};

describe("remedy", () => {
  it.each<[string, Partial<MachineFacts>, string]>([
    [
      "Ubuntu's AppArmor",
      { appArmorRestricted: true },
      "kernel.apparmor_restrict_unprivileged_userns=0",
    ],
    ["old Debian", { usernsCloneOff: true }, "kernel.unprivileged_userns_clone=1"],
    ["namespaces off", { noUserNamespaces: true }, "user.max_user_namespaces=10000"],
    [
      "a container",
      { container: true, appArmorRestricted: true },
      "--security-opt seccomp=unconfined",
    ],
    ["anything else", {}, "docker compose up"],
  ])("names the setting for %s", (_title, facts, text) => {
    expect(remedy({ ...FREE, ...facts })).toContain(text);
  });
});
