import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import { KubehopContainer } from "../kubehop-container.ts";

/** The image under test. */
export const IMAGE: string = process.env["KUBEHOP_IMAGE"] ?? "kubehop:dev";

/** What the containers of the test's own run in: it has Node.js and nothing of kubehop. */
const NODE_IMAGE = "node:24-bookworm-slim";

/** What every container of one test file carries, so that those left over can be found. */
export interface TestMark {
  readonly labels: Readonly<Record<string, string>>;
  /** Ids of containers that still exist, in any state. */
  leftovers(): Promise<string[]>;
}

// Nobody else is to end these containers; the tests do, and look that they have.
process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";

/** Marks containers by the name of a test. */
export function createMark(name: string): TestMark {
  const value = `${name}-${process.pid}`;
  return {
    labels: { "dev.kubehop.test": value },
    async leftovers() {
      const filter = `label=dev.kubehop.test=${value}`;
      return (await docker("ps", "--all", "--quiet", "--filter", filter))
        .split("\n")
        .filter(Boolean);
    },
  };
}

/** Of machines that do much else. */
const START_TIMEOUT_MS = 120_000;

/** A lab of one test. */
export function newLab({ labels }: TestMark): KubehopContainer {
  return new KubehopContainer(IMAGE).withLabels({ ...labels }).withStartupTimeout(START_TIMEOUT_MS);
}

/** A container that runs a program of the test's own, which prints "listening" when it does. */
export function newProgram(
  { labels }: TestMark,
  script: string,
  ...args: string[]
): GenericContainer {
  return new GenericContainer(NODE_IMAGE)
    .withLabels({ ...labels })
    .withEntrypoint(["node"])
    .withCommand(["--eval", script, ...args])
    .withWaitStrategy(Wait.forLogMessage(/listening/));
}

/** Runs docker and gives what it printed; rejects when it fails. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("docker", args, { timeout: 60_000 });
  return stdout.trim();
}

/** What the engine knows of a container. */
export async function inspect(
  container: Pick<StartedTestContainer, "getId">,
  format: string,
): Promise<string> {
  return docker("inspect", "--format", format, container.getId());
}
