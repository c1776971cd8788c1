import { join } from "node:path";
import { parseArgs } from "node:util";
import { run, SetupError } from "../toolchain/child.mjs";
import { lockSetup } from "../toolchain/lock.mjs";
import { ROOT } from "../toolchain/paths.mjs";
import { writeContext } from "./context.mjs";
import { findImage, pullFailure, requireEngine } from "./docker.mjs";
import { STAND_INS } from "./stand-ins.mjs";

// Run by `npm run image` with the checkout's own Node.js, after set-up.

const USAGE = `usage: npm run image [-- --stand-ins]
  --stand-ins  replace base images that are absent without asking a registry for them
KUBEHOP_IMAGE names the image (kubehop:dev), KUBEHOP_POD_IMAGE the same without a health check, for
pods (kubehop/sample-app:dev).
`;

/** Images that ours is made from, base first. */
const BASES = [
  { role: "base", argument: "BASE", name: "debian:bookworm-slim" },
  { role: "node", argument: "NODE", name: "node:24-bookworm-slim" },
  { role: "nats", argument: "NATS", name: "nats:2.12" },
];
const CONTEXT = join(ROOT, "dist", "image");
const MAX_BYTES = 250_000_000;

try {
  await main();
} catch (error) {
  process.stderr.write(`kubehop: ${error instanceof SetupError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}

async function main() {
  const { values } = parseArgs({
    options: { "stand-ins": { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  await requireEngine();
  const unlock = await lockSetup(say);
  try {
    await make(values["stand-ins"] === true);
  } finally {
    unlock();
  }
}

/** One at a time: two would write the same folder. */
async function make(standInsOnly) {
  for (const base of BASES) await ensureBase(base, standInsOnly);
  say("bundling programs");
  await writeContext(CONTEXT);
  await build("pod", process.env.KUBEHOP_POD_IMAGE || "kubehop/sample-app:dev");
  await build("", process.env.KUBEHOP_IMAGE || "kubehop:dev");
}

async function ensureBase({ role, name }, standInsOnly) {
  const found = await findImage(name);
  if (found?.standIn) say(`${name}: the stand-in of an earlier run (docker rmi ${name} ends it)`);
  if (found !== undefined) return;
  if (!standInsOnly) {
    say(`${name}: pulling`);
    const failure = await pullFailure(name);
    if (failure === undefined) return;
    say(`${name} could not be pulled: ${failure}`);
  }
  say(`${name}: making a stand-in from this machine's programs`);
  await STAND_INS[role](name, BASES[0].name);
}

async function build(target, image) {
  say(`building ${image}`);
  const bases = BASES.flatMap(({ argument, name }) => ["--build-arg", `${argument}=${name}`]);
  const stage = target === "" ? [] : ["--target", target];
  const dockerfile = join(ROOT, "docker", "Dockerfile");
  await run("docker", ["build", ...bases, ...stage, "-f", dockerfile, "-t", image, CONTEXT], {
    failure: `The image ${image} could not be built.`,
  });
  const { size } = await findImage(image);
  if (size > MAX_BYTES) {
    throw new SetupError(`${image} has ${megabytes(size)}, more than ${megabytes(MAX_BYTES)}.`);
  }
  say(`${image} is ready (${megabytes(size)})`);
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}

function say(text) {
  process.stderr.write(`kubehop image: ${text}\n`);
}
