/** A way to get the namespaces of a sandbox; which one works depends on the machine. */
export interface SandboxMode {
  readonly name: "user" | "root" | "user-without-pid";
  /** Options of unshare(1). */
  readonly unshare: readonly string[];
  /** Whether the sandbox has process ids of its own, so that the kernel ends all of them. */
  readonly pidNamespace: boolean;
}

const PID = ["--pid", "--fork", "--kill-child", "--mount-proc"];
const USER = ["--user", "--map-root-user"];
const NETWORK = ["--net", "--mount"];

/** In the order in which they are tried. */
export const SANDBOX_MODES: readonly SandboxMode[] = [
  { name: "user", unshare: [...USER, ...NETWORK, ...PID], pidNamespace: true },
  { name: "root", unshare: [...NETWORK, ...PID], pidNamespace: true },
  { name: "user-without-pid", unshare: [...USER, ...NETWORK], pidNamespace: false },
];

/** Takes the first bridge and veth a machine has to offer; run inside a candidate sandbox. */
const PROBE =
  "mount -t tmpfs tmpfs /run && ip link add fab0 type bridge && ip link add v0 type veth peer name v1";

/** The command that finds out whether a mode works here: code 0, in about 15 ms. */
export function probeCommand(mode: SandboxMode): [string, ...string[]] {
  return ["unshare", ...mode.unshare, "sh", "-c", PROBE];
}

/**
 * The command that runs a program as a sandbox. setpriv and --kill-child end it with the launcher,
 * even by SIGKILL; the shell is process 1 and reaps orphans, which Node.js does not.
 */
export function sandboxCommand(
  mode: SandboxMode,
  program: readonly string[],
): [string, ...string[]] {
  const shell = ["sh", "-c", '"$@"; exit $?', "sh"];
  return ["setpriv", "--pdeathsig", "KILL", "unshare", ...mode.unshare, ...shell, ...program];
}
