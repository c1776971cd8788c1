import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { waitFor } from "@kubehop/testkit";
import type { HostRoot } from "../runtime/netns/host-root.ts";
import {
  createNetnsRuntime,
  NetnsRuntime,
  type NetnsRuntimeOptions,
} from "../runtime/netns/netns-runtime.ts";
import type { ContainerId, ContainerSpec, Runtime, SandboxSpec } from "../runtime/runtime.ts";
import { report } from "./in-sandbox.ts";

/** What the runtime of namespaces does, told to netns-runtime.process.test.ts. */
const directory = mkdtempSync(join(tmpdir(), "kubehop-runtime-"));
const options: NetnsRuntimeOptions = {
  directory,
  podCidrs: ["10.244.1.0/24", "fd00:10:244:1::/64"],
  visible: [join(import.meta.dirname, "..", "..", "..", ".."), dirname(process.execPath)],
  writableSize: "64m",
};
const volume = join(directory, "volume");
mkdirSync(volume);
writeFileSync(join(volume, "file"), "from the volume\n");

const runtime = await createNetnsRuntime(options);
report("overlay", runtime.hostRoot.entries.find(({ name }) => name === "usr")?.kind);
report("container", await container(runtime, "pod-a"));
report("restart", await restart());
report("end", await end(runtime));
report("failures", await failures(runtime));
report("addresses", await addresses(runtime));
await runtime[Symbol.asyncDispose]();
report("readOnly", await container(await readOnlyRuntime(runtime.hostRoot), "pod-ro"));
rmSync(directory, { recursive: true });
process.exit(0);

async function container(on: Runtime, uid: string): Promise<unknown> {
  const { ips } = await on.runSandbox(pod(uid));
  const mounts = [
    { source: volume, target: "/usr/share/kubehop-test/html", readOnly: true },
    { source: volume, target: "/var/run/secrets/test", readOnly: false },
    { source: join(volume, "file"), target: "/etc/kubehop-test.conf", readOnly: true },
  ];
  const { id } = await on.startContainer(uid, { ...sleeper(uid), mounts });
  const lines = [
    'hostname; echo "$QUOTED"; pwd; ls /usr/share/kubehop-test/html; cat /etc/kubehop-test.conf',
    "echo x >/var/run/secrets/test/written; echo x >/usr/share/kubehop-test/html/x || echo read-only",
    "echo x >/tmp/own && echo x >/var/log/own && echo x >/data && echo wrote",
    "ls -d /run/netns 2>&1; node -e 'console.log(1 + 1)'; grep hosts: /etc/nsswitch.conf; ls /.old 2>&1",
  ];
  const output = await run(on, id, lines.join("; "));
  const written = readFileSync(join(volume, "written"), "utf8");
  return { ips, output, written, leaked: exists("/data") };
}

async function restart(): Promise<unknown> {
  const id = { podUid: "pod-a", name: "app", attempt: 0 };
  const second = await createNetnsRuntime(options);
  const [sandbox] = second.list("pod-a");
  const output = await run(second, id, "echo found again");
  await second[Symbol.asyncDispose]();
  return { running: sandbox?.running, phase: sandbox?.containers[0]?.phase, output };
}

async function end(on: Runtime): Promise<unknown> {
  const id = { podUid: "pod-a", name: "app", attempt: 0 };
  const changed = Promise.withResolvers<number>();
  const began = performance.now();
  using _changes = on.onChange(() => changed.resolve(performance.now() - began));
  on.signalContainer(id, "SIGTERM");
  const ms = await changed.promise;
  const script = "setsid sleep 3600 & trap '' TERM; echo started; sleep 3600";
  await on.startContainer("pod-a", {
    ...sleeper("pod-a"),
    attempt: 1,
    command: ["sh", "-c", script],
  });
  const log = (): string => readFileSync(join(directory, "pod-a.log"), "utf8");
  await waitFor(() => log() !== "");
  const [sandbox] = on.list("pod-a");
  await on.removeSandbox("pod-a");
  return {
    quick: ms < 1_000,
    states: sandbox?.containers.map(({ phase, exitCode }) => ({ phase, exitCode })),
    left: on.list("pod-a"),
    log: log(),
    namespaceLeft: exists("/run/netns/pod-10-244-1-2"),
  };
}

async function failures(on: Runtime): Promise<unknown> {
  await on.runSandbox(pod("pod-b"));
  const start = (spec: Partial<ContainerSpec>): Promise<string> =>
    on.startContainer("pod-b", { ...sleeper("pod-b"), ...spec }).then(
      () => "started",
      (error: Error & { reason?: string }) => `${error.reason}: ${error.message}`,
    );
  return {
    program: await start({ command: ["no-such-program"] }),
    kernel: await start({ mounts: [{ source: volume, target: "/proc/x", readOnly: true }] }),
    directory: await start({ workingDir: "/proc/nowhere" }),
    sandbox: await on
      .startContainer("pod-none", sleeper("pod-none"))
      .catch((e: Error) => e.message),
  };
}

async function addresses(on: Runtime): Promise<unknown> {
  const { ips } = await on.runSandbox(pod("pod-c"));
  const shared = await on.runSandbox({ ...pod("pod-d"), hostNetwork: true });
  await on.removeSandbox("pod-c");
  const next = await on.runSandbox(pod("pod-e"));
  return { ips, next: next.ips, shared: shared.ips };
}

/** The runtime where the kernel allows no overlay: forced here, found by probing elsewhere. */
async function readOnlyRuntime(found: HostRoot): Promise<NetnsRuntime> {
  const entries = found.entries.map((entry) =>
    entry.kind === "overlay" ? { ...entry, kind: "bind" as const } : entry,
  );
  const own = { ...options, directory: join(directory, "ro"), podCidrs: ["10.244.2.0/24"] };
  const runtime = new NetnsRuntime(own, { ...found, entries });
  runtime.adopt();
  return runtime;
}

function pod(uid: string): SandboxSpec {
  return { uid, namespace: "default", name: uid, hostname: uid, hostNetwork: false };
}

function sleeper(uid: string): ContainerSpec {
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`;
  return {
    name: "app",
    attempt: 0,
    image: "test",
    command: ["sleep", "3600"],
    env: { PATH: path, QUOTED: `it's "a\ntest" $HOME` },
    workingDir: "/work dir",
    mounts: [],
    logPath: join(directory, `${uid}.log`),
  };
}

async function run(on: Runtime, id: ContainerId, line: string): Promise<string> {
  const child = on.exec(id, ["sh", "-c", `${line} 2>&1`]);
  child.stdin.end();
  return text(child.stdout);
}

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}
