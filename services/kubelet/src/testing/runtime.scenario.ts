import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { HostRoot } from "../runtime/netns/host-root.ts";
import {
  createNetnsRuntime,
  NetnsRuntime,
  type NetnsRuntimeOptions,
} from "../runtime/netns/netns-runtime.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { report } from "./in-sandbox.ts";
import {
  container,
  end,
  exists,
  failures,
  input,
  NODE_PATH,
  pod,
  restart,
  type RuntimeUnderTest,
} from "./runtime.stories.ts";

/** What the runtime of namespaces does, told to netns-runtime.process.test.ts. */
const directory = mkdtempSync(join(tmpdir(), "kubehop-runtime-"));
const options: NetnsRuntimeOptions = {
  directory,
  podCidrs: ["10.244.1.0/24", "fd00:10:244:1::/64"],
  visible: [join(import.meta.dirname, "..", "..", "..", ".."), dirname(process.execPath)],
  writableSize: "64m",
  compileCache: join(directory, "compile-cache"),
  checkIntervalMs: 3_600_000,
};
const test: RuntimeUnderTest = {
  directory,
  image: "test",
  path: NODE_PATH,
  reopen: () => createNetnsRuntime(options),
};

const runtime = await createNetnsRuntime(options);
report("overlay", runtime.hostRoot.entries.find(({ name }) => name === "usr")?.kind);
report("container", await container(runtime, { uid: "pod-a", test }));
report("restart", await restart("pod-a", test));
const ended = await end(runtime, { uid: "pod-a", test });
report("end", { ...ended, namespaceLeft: exists("/run/netns/pod-10-244-1-2") });
report("failures", await failures(runtime, { uid: "pod-b", test }));
report("addresses", await addresses(runtime));
report("input", await input(runtime, { uid: "pod-in", test }));
await runtime[Symbol.asyncDispose]();
const readOnly = await readOnlyRuntime(runtime.hostRoot);
report("readOnly", await container(readOnly, { uid: "pod-ro", test }));
rmSync(directory, { recursive: true });
process.exit(0);

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
