import { SetupError, run } from "../toolchain/child.mjs";

/** The label of images that this project made in place of a real one. */
export const STAND_IN_LABEL = "dev.kubehop.stand-in";

const PROBE_MS = 10_000;

/** Throws SetupError, naming what to do, when no Docker Engine can be talked to. */
export async function requireEngine() {
  await run("docker", ["version", "--format", "{{.Server.Version}}"], {
    timeoutMs: PROBE_MS,
    failure:
      "No Docker Engine can be reached. Start it (or name it in DOCKER_HOST), see that this user may use it, and run this again.",
  });
}

/** What the engine says of an image; undefined when it has none of that name. */
export async function findImage(name) {
  const text = await run("docker", ["image", "inspect", name], {
    timeoutMs: PROBE_MS,
    failure: `There is no image ${name}.`,
  }).catch(() => "[]");
  const [image] = JSON.parse(text.slice(text.indexOf("["), text.lastIndexOf("]") + 1));
  return image === undefined
    ? undefined
    : { size: image.Size, standIn: image.Config?.Labels?.[STAND_IN_LABEL] === "true" };
}

/** Pulls an image; gives the reason when it cannot be had. */
export async function pullFailure(name) {
  try {
    await run("docker", ["pull", "--quiet", name], { failure: `${name} could not be pulled.` });
    return undefined;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return error.message.trim().split("\n").at(-1).trim();
  }
}
