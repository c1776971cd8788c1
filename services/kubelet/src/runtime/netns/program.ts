import { dirname } from "node:path";
import { findImage, type Image, unknownImageMessage } from "../../catalogue.ts";
import { type ContainerSpec, ContainerStartError, type Mount } from "../runtime.ts";

/** What a container runs as a process of the node. */
export interface NodeProgram extends Pick<ContainerSpec, "env" | "mounts" | "workingDir"> {
  /** Program and arguments, never empty. */
  readonly command: readonly string[];
}

/** What the node adds to what pods say. */
export interface ProgramContext {
  readonly hostname: string;
  /** Directory of the node that keeps what V8 made of our own programs. */
  readonly compileCache: string;
}

/** Where the images that are Node programs of ours find the compile cache of their node. */
const COMPILE_CACHE = "/var/cache/kubehop/compile";

/** The programs a node always has, in the order an image's PATH has them. */
const PATH: string = [
  dirname(process.execPath),
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
].join(":");

/**
 * What a container runs on a node whose images are names of programs: with the variables and the
 * working directory an image would give. Throws ContainerStartError for an unknown image.
 */
export function toNodeProgram(spec: ContainerSpec, context: ProgramContext): NodeProgram {
  const image = findImage(spec.image);
  const command = commandOf(spec, image);
  if (command.length === 0) {
    throw new ContainerStartError("ErrImagePull", unknownImageMessage(spec.image));
  }
  const isOurs = spec.command.length === 0 && image?.entrypoint[0] === process.execPath;
  const cached: Mount[] = isOurs
    ? [{ source: context.compileCache, target: COMPILE_CACHE, readOnly: false }]
    : [];
  // One heap of the C library for all threads: 10 MiB less for each process.
  const ours = isOurs ? { NODE_COMPILE_CACHE: COMPILE_CACHE, MALLOC_ARENA_MAX: "1" } : {};
  return {
    command,
    env: { PATH, HOSTNAME: context.hostname, HOME: "/root", ...ours, ...spec.env },
    workingDir: spec.workingDir || "/",
    mounts: [...spec.mounts, ...cached],
  };
}

/** `command` and `args`, each with the image's as fallback (as their documentation's table). */
function commandOf({ command, args }: ContainerSpec, image: Image | undefined): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  if (image === undefined) return [];
  return [...image.entrypoint, ...(args.length > 0 ? args : image.args)];
}
