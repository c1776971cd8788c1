import { randomBytes, randomInt } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRestClient, loadKubeconfig, type RestClient } from "@kubehop/client";
import { DockerComposeEnvironment, type WaitStrategy } from "testcontainers";
import { freePort } from "@kubehop/testkit";
import { type CommandResult, docker, dockerOk } from "./engine.ts";
import { ROOT } from "./paths.ts";

const UP_MS = 150_000;

/** A lab of docker-compose.yml that runs. Disposing it removes everything of it. */
export interface ComposeLab extends AsyncDisposable {
  readonly project: string;
  /** The variables of docker-compose.yml that this lab has of its own. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the user, outside the lab. */
  readonly kubeconfig: string;
  readonly rest: RestClient;
  /** `docker compose ARGS` for this lab. Rejects with its output when it fails. */
  compose(...args: readonly string[]): Promise<string>;
  /** Runs a command in a service's container and gives how it ended. */
  exec(service: string, ...command: readonly string[]): Promise<CommandResult>;
  /** Runs a command of kubehop in the container `cli`; rejects when it fails. */
  kubehop(...args: readonly string[]): Promise<string>;
  /** The name of a service's n-th container, from 1. */
  container(service: string, index?: number): string;
}

/** What a lab is made of. */
export interface ComposeLabOptions {
  /** Default docker-compose.yml alone. */
  readonly files?: readonly string[];
  /** Replaces variables of the lab. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `up --wait` has waited for what a container has to be. */
const NOTHING: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => NOTHING,
  isStartupTimeoutSet: () => true,
  getStartupTimeout: () => UP_MS,
};

/** Starts a lab with a name, subnets and ports of its own; resolves when its client may ask. */
export async function startComposeLab(options: ComposeLabOptions = {}): Promise<ComposeLab> {
  // The helper container that would remove leftovers needs an image from a registry.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  const project = `kubehop-test-${randomBytes(4).toString("hex")}`;
  const env = { ...(await ownVariables(project)), ...options.env };
  const files = [...(options.files ?? ["docker-compose.yml"])];
  const compose = (...args: readonly string[]): Promise<string> =>
    dockerOk(["compose", ...files.flatMap((file) => ["-f", file]), ...args], env);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => void (await compose("down", "-v", "--timeout", "3")));
  const started = await new DockerComposeEnvironment(ROOT, files)
    .withProjectName(project)
    .withEnvironment(env)
    .withClientOptions({ commandOptions: ["--wait", "--pull", "never"] })
    .withDefaultWaitStrategy(NOTHING)
    .up();
  cleanup.defer(async () => void (await started.down({ removeVolumes: true })));
  const outside = await writeKubeconfig(
    await compose("exec", "-T", "cli", "cat", "/credentials/kubeconfig.outside"),
  );
  cleanup.use(outside);
  const rest = cleanup.use(
    createRestClient({ ...loadKubeconfig(outside.path), userAgent: "kubehop-test" }),
  );
  const owned = cleanup.move();
  return {
    project,
    env,
    kubeconfig: outside.path,
    rest,
    compose,
    exec: (service, ...command) => docker(["compose", "exec", "-T", service, ...command], env),
    kubehop: (...args) => compose("exec", "-T", "cli", "kubehop", ...args),
    container: (service, index = 1) => `${project}-${service}-${index}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const PODS = { from: 100, count: 140 };
const FABRICS = 256;
/** Labs of one test file are numbered from here, so that two of them never have the same subnets. */
let labs = randomInt(PODS.count * FABRICS);

/** Subnets that no other lab of this machine is likely to have, and free ports. */
export async function ownVariables(project: string): Promise<Record<string, string>> {
  labs += 1;
  return {
    COMPOSE_PROJECT_NAME: project,
    KUBEHOP_PODS: `10.${PODS.from + (labs % PODS.count)}`,
    KUBEHOP_FABRIC: `172.30.${labs % FABRICS}`,
    KUBEHOP_API_PORT: String(await freePort()),
    KUBEHOP_NODE_PORT: String(await freePort()),
    KUBEHOP_WEB_PORT: String(await freePort()),
  };
}

async function writeKubeconfig(text: string): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "kubehop-compose-"));
  const path = join(folder, "kubeconfig");
  await writeFile(path, text, { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
