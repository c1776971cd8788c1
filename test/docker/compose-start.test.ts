import { waitFor } from "@kubehop/testkit";
import { describe, expect, test } from "vitest";
import { type ComposeLab, ownVariables, startComposeLab } from "../support/compose-lab.ts";
import { type CommandResult, docker, dockerOk, whyNoEngine } from "../support/engine.ts";

const NO_ENGINE = whyNoEngine();
const URL = "http://my-api/hello";
const TWO_LABS_MS = 400_000;

describe.skipIf(NO_ENGINE !== undefined)(`starting compose labs ${NO_ENGINE ?? ""}`, () => {
  test(
    "two run side by side, a third that clashes is told why, nothing stays",
    { timeout: TWO_LABS_MS },
    async () => {
      const projects: string[] = [];
      {
        await using first = await startComposeLab();
        await using second = await startComposeLab();
        projects.push(first.project, second.project);
        for (const lab of [first, second]) expect(await answer(lab)).toContain('"pod"');
        expect(await clash(first, projects, ["KUBEHOP_API_PORT"])).toMatch(
          new RegExp(`${first.env["KUBEHOP_API_PORT"]}.*already (allocated|in use)`),
        );
        expect(await clash(first, projects, ["KUBEHOP_PODS"])).toMatch(/[Pp]ool overlaps/);
        expect(await answer(first)).toContain('"pod"');
        await first.kubehop("apply", "-f", "/app/examples/my-web.yaml");
        await waitFor(async () => (await namesOf(first.project)).some(isPodOfApi), {
          timeoutMs: 60_000,
          describe: () => "a container of a pod that the API created",
        });
      }
      for (const project of projects) expect(await leftovers(project)).toEqual([]);
    },
  );

  test("an image that is missing is named at once", async () => {
    const env = { ...(await ownVariables()), KUBEHOP_IMAGE: "kubehop:none" };
    const { code, stderr } = await up(env);
    await docker(["compose", "down", "-v"], env);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/[Nn]o such image: kubehop:none/);
    expect(await leftovers(env.COMPOSE_PROJECT_NAME)).toEqual([]);
  });
});

/** Starts a lab that takes some variables from another, and gives what it was told. */
async function clash(
  lab: ComposeLab,
  projects: string[],
  taken: readonly string[],
): Promise<string> {
  const same = taken.map((name) => [name, lab.env[name] ?? ""]);
  const env = { ...(await ownVariables()), ...Object.fromEntries(same) };
  projects.push(env.COMPOSE_PROJECT_NAME);
  const { code, stderr } = await up(env);
  await dockerOk(["compose", "down", "-v"], env);
  expect(code).not.toBe(0);
  return stderr;
}

function up(env: Readonly<Record<string, string>>): Promise<CommandResult> {
  return docker(["compose", "up", "-d", "--wait"], env);
}

async function answer(lab: ComposeLab): Promise<string> {
  return (await lab.exec("client", "curl", "-sS", "-m", "10", URL)).stdout;
}

function isPodOfApi(name: string): boolean {
  return name.startsWith("k8s_");
}

async function namesOf(project: string): Promise<string[]> {
  return lines(["ps", "-a", "--filter", byProject(project), "--format", "{{.Names}}"]);
}

/** Everything of a project that the engine still has. */
async function leftovers(project: string): Promise<string[]> {
  const filter = ["--filter", byProject(project), "-q"];
  const found = await Promise.all([
    namesOf(project),
    lines(["network", "ls", ...filter]),
    lines(["volume", "ls", ...filter]),
  ]);
  return found.flat();
}

function byProject(project: string): string {
  return `label=com.docker.compose.project=${project}`;
}

async function lines(args: readonly string[]): Promise<string[]> {
  return (await dockerOk(args)).split("\n").filter((line) => line !== "");
}
