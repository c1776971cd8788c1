import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { docker, IMAGE } from "../testing/docker.ts";
import { writePackage } from "./write-package.ts";

const execute = promisify(execFile);
const PACKAGE = join(import.meta.dirname, "../..");
const TSC = join(PACKAGE, "../../node_modules/.bin/tsc");
const INSTALL_MS = 600_000;
const RUN_MS = 120_000;
/** A name of the image that nobody else uses, so that what it leaves can be told from others'. */
const OWN_IMAGE = `kubehop-test-package:${process.pid}`;

let project: string;

beforeAll(async () => {
  await docker("tag", IMAGE, OWN_IMAGE);
  project = await mkdtemp(join(tmpdir(), "kubehop-consumer-"));
  await writePackage(join(project, "package"));
  await npm("pack", "./package");
  const { version } = JSON.parse(await readFile(join(project, "package/package.json"), "utf8")) as {
    version: string;
  };
  const archive = `./kubehop-testcontainers-${version}.tgz`;
  await write("package.json", JSON.stringify({ name: "consumer", type: "module" }));
  await npm("install", archive, "testcontainers@12.2.0", "@types/node@24.19.2");
}, INSTALL_MS);

afterAll(async () => {
  await docker("rmi", OWN_IMAGE);
  await rm(project, { recursive: true, force: true });
});

test("the README's example runs in a project that has nothing but the package", async () => {
  await write("example.js", await readmeExample());
  const { stderr } = await run(process.execPath, ["example.js"]);
  expect(stderr).toBe("");
  expect(await containers()).toEqual([]);
});

test("its declarations hold for TypeScript, libraries checked", async () => {
  await write(
    "use.ts",
    `import { KubehopContainer, RequestError, type Resolution } from "@kubehop/testcontainers";
export async function use(): Promise<Resolution> {
  await using lab = await new KubehopContainer("x").withName("n").withNodes(1).start();
  const hop = (await lab.request("http://x/")).trace.request.connection?.proxy;
  if (hop?.type === "forwarded") hop.candidates.map(({ weight }) => weight.toFixed());
  // @ts-expect-error: a port is a number or an object
  await lab.addPod(lab, { labels: {}, ports: ["80"] });
  throw new RequestError((await lab.request("x")).trace, { step: "dns", reason: "", message: "" });
}
`,
  );
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024"];
  const lib = ["--lib", "es2024,esnext.disposable", "--types", "node", "--skipLibCheck", "false"];
  const { stdout } = await run(TSC, [...flags, ...lib, "use.ts"]).catch(
    (error: { stdout: string }) => error,
  );
  const ours = stdout.split("\n").filter((line) => /^(use\.ts|node_modules\/@kubehop)/.test(line));
  expect(ours).toEqual([]);
});

async function readmeExample(): Promise<string> {
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  const [, code] = /```js\n(.*?)```/s.exec(readme) ?? [];
  if (code === undefined) throw new Error("README.md has no example");
  return code.replace("kubehop:dev", OWN_IMAGE);
}

function npm(...args: string[]): ReturnType<typeof run> {
  // npm of the Node.js that runs this, or the one of the machine.
  return run("npm", [...args, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]);
}

function run(file: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const path = `${dirname(process.execPath)}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, TESTCONTAINERS_RYUK_DISABLED: "true" };
  return execute(file, args, { cwd: project, env, timeout: RUN_MS });
}

function write(name: string, text: string): Promise<void> {
  return writeFile(join(project, name), text);
}

/** Containers that the example has left, in any state. */
async function containers(): Promise<string[]> {
  const all = await docker("ps", "--all", "--format", "{{.Image}} {{.ID}}");
  return all.split("\n").filter((line) => line.startsWith(`${OWN_IMAGE} `));
}
