import { type ImageRequest, ContainerStartError } from "../runtime.ts";
import { type Engine, EngineError, isMissing } from "./engine.ts";
import { readJsonLines } from "./engine-stream.ts";

/** The images of an engine. */
export interface Images {
  /**
   * Has an image at hand; resolves to whether it was pulled now. `onPull` is called before a pull
   * begins. Rejects with ContainerStartError: ErrImagePull, ErrImageNeverPull.
   */
  ensure(request: ImageRequest, onPull: () => void): Promise<boolean>;
}

/** How an image of ours is run. */
export interface OwnImage {
  readonly image: string;
  /** Arguments of that image's entry point that choose the program. */
  readonly program: readonly string[];
}

/** Images that are not on any registry: programs of kubehop's own image. */
const OWN = /^kubehop\/([a-z-]+)(?::[\w.-]+)?$/;
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  "sample-app": ["sample-app"],
  dns: ["dns"],
};

/** A pull may take long, but not be silent for long, in ms. */
const PULL_SILENCE_MS = 60_000;
const PULL_START_MS = 60_000;

/** What an image name like kubehop/sample-app stands for; undefined for images of others. */
export function ownImage(name: string, image: string): OwnImage | undefined {
  const program = OWN.exec(name)?.[1] ?? "";
  const words = Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
  return words === undefined ? undefined : { image, program: words };
}

/** Creates it; `image` is kubehop's own, which is never pulled. */
export function createImages(engine: Engine, image: string): Images {
  /** Pods that need the same image wait for the same pull. */
  const pulls = new Map<string, Promise<void>>();
  const pullOnce = (name: string): Promise<void> => {
    const running = pulls.get(name) ?? pull(engine, name).finally(() => pulls.delete(name));
    pulls.set(name, running);
    return running;
  };
  return {
    async ensure({ image: name, policy }, onPull) {
      const own = ownImage(name, image);
      if (own !== undefined) {
        if (await isPresent(engine, own.image)) return false;
        throw new ContainerStartError("ErrImagePull", missingOwn(name, own.image));
      }
      if (policy !== "Always" && (await isPresent(engine, name))) return false;
      if (policy === "Never") {
        const text = `Container image "${name}" is not present with pull policy of Never`;
        throw new ContainerStartError("ErrImageNeverPull", text);
      }
      onPull();
      await pullOnce(name);
      return true;
    },
  };
}

function missingOwn(name: string, image: string): string {
  return (
    `failed to pull image "${name}": it is a program of ${image}, which this engine does not ` +
    "have; build it with `npm run image` or name another one with --image"
  );
}

async function isPresent(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.call<unknown>({ method: "GET", path: `/images/${encodeURI(name)}/json` });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    // "invalid reference format": pulling it says the same.
    if (error instanceof EngineError && error.statusCode === 400) return false;
    throw error;
  }
}

async function pull(engine: Engine, name: string): Promise<void> {
  const failure = (why: string): ContainerStartError =>
    new ContainerStartError("ErrImagePull", `failed to pull image "${name}": ${why}`);
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), PULL_START_MS + PULL_SILENCE_MS);
  try {
    const progress = await engine.stream({
      method: "POST",
      path: "/images/create",
      query: pullQuery(name),
      timeoutMs: PULL_START_MS,
      signal: silent.signal,
    });
    for await (const step of readJsonLines(progress)) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), PULL_SILENCE_MS);
      const { error } = step as { readonly error?: string };
      if (error !== undefined) throw failure(error);
    }
  } catch (error) {
    if (error instanceof ContainerStartError) throw error;
    if (silent.signal.aborted) throw failure(`the registry was silent for ${PULL_SILENCE_MS} ms`);
    throw failure((error as Error).message);
  } finally {
    clearTimeout(timer);
  }
}

/** Without a tag the engine would pull every tag there is. */
function pullQuery(name: string): Record<string, string> {
  const [repository = "", digest] = name.split("@");
  if (digest !== undefined) return { fromImage: name };
  const colon = repository.lastIndexOf(":");
  const hasTag = colon > repository.lastIndexOf("/");
  return hasTag
    ? { fromImage: repository.slice(0, colon), tag: repository.slice(colon + 1) }
    : { fromImage: repository, tag: "latest" };
}
