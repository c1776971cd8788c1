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
  readonly env: LabVariables;
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
  const env = { ...(await ownVariables()), ...options.env };
  const project = env.COMPOSE_PROJECT_NAME;
  const files = [...(options.files ?? ["docker-compose.yml"])];
  const compose = (...args: readonly string[]): Promise<string> =>
    dockerOk(["compose", ...files.flatMap((file) => ["-f", file]), ...args], env);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => remove(project, compose));
  await new DockerComposeEnvironment(ROOT, files)
    .withProjectName(project)
    .withEnvironment(env)
    .withClientOptions({ commandOptions: ["--wait", "--pull", "never"] })
    .withDefaultWaitStrategy(NOTHING)
    .up();
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

/**
 * Removes everything of a lab. An engine may miscount the endpoints of a network when containers
 * come and go at once, and then keeps the network until it is started again, empty as it is
 * (moby/moby#42119): that is told, and is no fault of the lab's.
 */
async function remove(project: string, compose: ComposeLab["compose"]): Promise<void> {
  try {
    await compose("down", "-v", "--timeout", "3");
  } catch (error) {
    const label = `label=com.docker.compose.project=${project}`;
    const containers = await dockerOk(["ps", "-a", "-q", "--filter", label]);
    if (containers !== "" || !String(error).includes("has active endpoints")) throw error;
    const networks = await dockerOk(["network", "ls", "--filter", label, "--format", "{{.Name}}"]);
    const names = networks.trim().split("\n").join(", ");
    process.stderr.write(`the engine keeps an empty network until its next start: ${names}\n`);
  }
}

const PODS = { from: 100, count: 140 };
const FABRICS = 256;
/** Labs of one test file are numbered from here, so that two of them never have the same subnets. */
let labs = randomInt(PODS.count * FABRICS);

/** The variables of docker-compose.yml that a lab has of its own. */
export interface LabVariables extends Readonly<Record<string, string>> {
  readonly COMPOSE_PROJECT_NAME: string;
}

/** A name, free ports, and subnets that no network of the engine has, one that was left over included. */
export async function ownVariables(): Promise<LabVariables> {
  const subnets = await takenSubnets();
  const isTaken = (prefix: string): boolean => subnets.some((one) => one.startsWith(`${prefix}.`));
  let pods: string;
  let fabric: string;
  const last = labs + PODS.count;
  do {
    if (labs >= last) throw new Error(`every subnet is taken: ${subnets.join(" ")}`);
    labs += 1;
    pods = `10.${PODS.from + (labs % PODS.count)}`;
    fabric = `172.30.${labs % FABRICS}`;
  } while (isTaken(pods) || isTaken(fabric));
  return {
    COMPOSE_PROJECT_NAME: `kubehop-test-${randomBytes(4).toString("hex")}`,
    KUBEHOP_PODS: pods,
    KUBEHOP_FABRIC: fabric,
    KUBEHOP_API_PORT: String(await freePort()),
    KUBEHOP_NODE_PORT: String(await freePort()),
    KUBEHOP_WEB_PORT: String(await freePort()),
  };
}

/** The subnets of the engine's networks. */
async function takenSubnets(): Promise<string[]> {
  const ids = (await dockerOk(["network", "ls", "-q"])).split("\n").filter((id) => id !== "");
  const format = "{{range .IPAM.Config}}{{.Subnet}} {{end}}";
  // One that goes meanwhile is an error of the command, not of ours.
  const { stdout } = await docker(["network", "inspect", "--format", format, ...ids]);
  return stdout.split(/\s+/).filter((subnet) => subnet !== "");
}

async function writeKubeconfig(text: string): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "kubehop-compose-"));
  const path = join(folder, "kubeconfig");
  await writeFile(path, text, { mode: 0o600 });
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
