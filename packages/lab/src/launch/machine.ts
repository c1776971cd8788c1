import { access, readFile } from "node:fs/promises";

/** What decides whether an ordinary user may have namespaces. */
export interface MachineFacts {
  readonly root: boolean;
  /** Docker, Podman or another container engine. */
  readonly container: boolean;
  /** kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu since 23.10). */
  readonly appArmorRestricted: boolean;
  /** kernel.unprivileged_userns_clone is 0 (older Debian). */
  readonly usernsCloneOff: boolean;
  /** user.max_user_namespaces is 0. */
  readonly noUserNamespaces: boolean;
}

/** Reads the facts from /proc and /run; what cannot be read counts as harmless. */
export async function readMachineFacts(): Promise<MachineFacts> {
  const [apparmor, clone, most, docker, podman] = await Promise.all([
    read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    read("/proc/sys/kernel/unprivileged_userns_clone"),
    read("/proc/sys/user/max_user_namespaces"),
    exists("/.dockerenv"),
    exists("/run/.containerenv"),
  ]);
  return {
    root: process.getuid?.() === 0,
    container: docker || podman,
    appArmorRestricted: apparmor === "1",
    usernsCloneOff: clone === "0",
    noUserNamespaces: most === "0",
  };
}

/** What to do when no sandbox can be made. */
export function remedy(facts: MachineFacts): string {
  if (facts.container) {
    return (
      "In a container, start it with: --security-opt seccomp=unconfined " +
      "--security-opt systempaths=unconfined (with AppArmor also --security-opt apparmor=unconfined), " +
      "or with --cap-add SYS_ADMIN --cap-add NET_ADMIN."
    );
  }
  if (facts.usernsCloneOff) return allow("kernel.unprivileged_userns_clone=1");
  if (facts.noUserNamespaces) return allow("user.max_user_namespaces=10000");
  if (facts.appArmorRestricted) return allow("kernel.apparmor_restrict_unprivileged_userns=0");
  return "Run it as root, or use Docker: docker compose up.";
}

function allow(setting: string): string {
  return `Allow it for everybody with: sudo sysctl -w ${setting} (or run kubehop as root, or use Docker: docker compose up).`;
}

async function read(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
