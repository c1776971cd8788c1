import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { waitFor } from "@kubehop/testkit";
import type { ContainerId, ContainerSpec, Runtime, SandboxSpec } from "../runtime/runtime.ts";

/** A runtime that stories are told of. */
export interface RuntimeUnderTest {
  /** For volumes and logs; absolute. */
  readonly directory: string;
  /** An image with a shell and Node.js, whose user is root. */
  readonly image: string;
  /** PATH of its containers, where the image has none. */
  readonly path?: string;
  /** Another runtime that finds what this one made. */
  reopen(): Promise<Runtime>;
}

/** A container has a root, a name, a directory and an environment of its own, and its volumes. */
export async function container(
  on: Runtime,
  { uid, test }: { readonly uid: string; readonly test: RuntimeUnderTest },
): Promise<{ ips: readonly string[]; output: string; written: string; leaked: boolean }> {
  const volume = join(test.directory, "volume");
  mkdirSync(volume, { recursive: true });
  writeFileSync(join(volume, "file"), "from the volume\n");
  const { ips } = await on.runSandbox(pod(uid));
  const mounts = [
    { source: volume, target: "/usr/share/kubehop-test/html", readOnly: true },
    { source: volume, target: "/var/run/secrets/test", readOnly: false },
    { source: join(volume, "file"), target: "/etc/kubehop-test.conf", readOnly: true },
  ];
  const { id } = await on.startContainer(uid, { ...sleeper(uid, test), mounts });
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

/** A runtime that starts anew finds what was there. */
export async function restart(uid: string, test: RuntimeUnderTest): Promise<unknown> {
  const id = { podUid: uid, name: "app", attempt: 0 };
  const second = await test.reopen();
  const [sandbox] = second.list(uid);
  const output = await run(second, id, "echo found again");
  await second[Symbol.asyncDispose]();
  return { running: sandbox?.running, phase: sandbox?.containers[0]?.phase, output };
}

/**
 * A container's end is noticed by itself, without a look at the processes, and a removed pod leaves
 * nothing.
 */
export async function end(
  on: Runtime,
  { uid, test }: { readonly uid: string; readonly test: RuntimeUnderTest },
): Promise<{ states: unknown; left: unknown; log: string }> {
  const id = { podUid: uid, name: "app", attempt: 0 };
  const changed = Promise.withResolvers<void>();
  using _changes = on.onChange(() => {
    const [latest] = on.list(uid)[0]?.containers ?? [];
    if (latest?.phase === "exited") changed.resolve();
  });
  on.signalContainer(id, "SIGTERM");
  await changed.promise;
  const script = "setsid sleep 3600 & trap '' TERM; echo started; sleep 3600";
  const command = ["sh", "-c", script];
  await on.startContainer(uid, { ...sleeper(uid, test), attempt: 1, command });
  const log = (): Promise<string> => logOf(on, { ...id, attempt: 1 }, test);
  await waitFor(async () => (await log()) !== "");
  const said = await log();
  const [sandbox] = on.list(uid);
  await on.removeSandbox(uid);
  const states = sandbox?.containers.map(({ phase, exitCode }) => ({ phase, exitCode }));
  return { states, left: on.list(uid), log: said };
}

/** What clients write to a program: to one with open input one after the other, else the first alone. */
export async function input(
  on: Runtime,
  { uid, test }: { readonly uid: string; readonly test: RuntimeUnderTest },
): Promise<Record<"none" | "once" | "open" | "terminal", unknown>> {
  await on.runSandbox(pod(uid));
  const loop = 'while read -r line; do echo "read $line"; done; echo over';
  const start = async (spec: Partial<ContainerSpec>): Promise<ContainerId> => {
    const command = ["sh", "-c", loop];
    return (await on.startContainer(uid, { ...sleeper(uid, test), command, ...spec })).id;
  };
  const write = async (id: ContainerId, line: string, answer: string): Promise<void> => {
    const stream = on.input(id);
    if (stream === undefined) throw new Error("the container has no input");
    stream.end(`${line}\n`);
    await waitFor(async () => (await logOf(on, id, test)).includes(answer));
  };
  const phase = ({ name, attempt }: ContainerId): string | undefined =>
    on.list(uid)[0]?.containers.find(({ id }) => id.name === name && id.attempt === attempt)?.phase;
  const open = await start({ stdin: "open" });
  await write(open, "first", "read first");
  await write(open, "second", "read second");
  const afterTwo = phase(open);
  const once = await start({ attempt: 1, stdin: "once" });
  await write(once, "third", "read third\nover\n");
  await waitFor(() => phase(once) === "exited");
  const script = 'tty -s && read -r line && echo "in a terminal: $line"';
  const command = ["sh", "-c", script];
  const terminal = await start({ attempt: 2, stdin: "once", tty: true, command });
  await write(terminal, "fourth", "in a terminal: fourth");
  const none = on.input(await start({ attempt: 3 }));
  await on.removeSandbox(uid);
  return { open: afterTwo, once: "over", terminal: "read", none };
}

/** Why containers cannot be started. */
export async function failures(
  on: Runtime,
  { uid, test }: { readonly uid: string; readonly test: RuntimeUnderTest },
): Promise<Record<"directory" | "kernel" | "program" | "sandbox", string>> {
  await on.runSandbox(pod(uid));
  let attempt = 0;
  const start = (spec: Partial<ContainerSpec>): Promise<string> => {
    attempt += 1;
    return on.startContainer(uid, { ...sleeper(uid, test), attempt, ...spec }).then(
      () => "started",
      (error: Error & { reason?: string }) => `${error.reason}: ${error.message}`,
    );
  };
  const volume = { source: test.directory, target: "/proc/x", readOnly: true };
  return {
    program: await start({ command: ["no-such-program"] }),
    kernel: await start({ mounts: [volume] }),
    directory: await start({ workingDir: "/proc/nowhere" }),
    sandbox: await on.startContainer("pod-none", sleeper("pod-none", test)).then(
      () => "started",
      (error: Error) => error.message,
    ),
  };
}

/** A sandbox of stories. */
export function pod(uid: string): SandboxSpec {
  return { uid, namespace: "default", name: uid, hostname: uid, hostNetwork: false };
}

/** A container of stories that waits and ends at once on SIGTERM. */
export function sleeper(uid: string, { directory, image, path }: RuntimeUnderTest): ContainerSpec {
  const script = "trap 'exit 143' TERM; while :; do sleep 0.05; done";
  return {
    name: "app",
    attempt: 0,
    image,
    command: ["sh", "-c", script],
    args: [],
    limits: {},
    lastWordsFromLog: false,
    env: { ...(path === undefined ? {} : { PATH: path }), QUOTED: `it's "a\ntest" $HOME` },
    workingDir: "/work dir",
    mounts: [],
    logPath: join(directory, `${uid}.log`),
  };
}

/** What a shell line says in a container. */
export async function run(on: Runtime, id: ContainerId, line: string): Promise<string> {
  const child = on.exec(id, ["sh", "-c", `${line} 2>&1`]);
  child.stdin.end();
  return text(child.stdout);
}

async function logOf(on: Runtime, id: ContainerId, test: RuntimeUnderTest): Promise<string> {
  const reader = on.log(id);
  if (reader === undefined) return readFileSync(join(test.directory, `${id.podUid}.log`), "utf8");
  const query = { follow: false, previous: false, timestamps: false };
  let said = "";
  for await (const bytes of await reader(query, AbortSignal.timeout(60_000))) {
    said += bytes.toString("utf8");
  }
  return said;
}

/** PATH of a node's containers. */
export const NODE_PATH: string = `${dirname(process.execPath)}:/usr/bin:/bin`;

/** Whether a file is there. */
export function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}
