import { getContainerRuntimeClient, ImageName } from "testcontainers";
import { KubehopError } from "./kubehop-error.ts";

const SHOWN_LINES = 15;
const LOG_TIMEOUT_MS = 5_000;

/** What is known of a container that did not start. */
export interface FailedContainer {
  readonly id?: string;
  /** What it has written. */
  readonly lines: readonly string[];
}

/**
 * Removes what a failed start has left, whatever its state, and gives what it said. Never throws:
 * the first failure is the one to tell.
 */
export async function removeFailed(
  id: string | undefined,
  seen: readonly string[],
): Promise<FailedContainer> {
  if (id === undefined) return { lines: seen };
  const client = await getContainerRuntimeClient();
  const container = client.container.getById(id);
  const written = seen.length > 0 ? seen : await readLog(id);
  const lines = written.filter((line) => line.trim() !== "");
  await container.remove({ force: true, v: true }).catch(() => undefined);
  return { id, lines };
}

/** A failure of the start as its user should read it. */
export async function startFailure(
  image: string,
  cause: unknown,
  { id, lines }: FailedContainer,
): Promise<KubehopError> {
  if (cause instanceof KubehopError) return cause;
  const text = (cause instanceof Error ? cause.message : String(cause)).trim();
  if (id === undefined && !(await isOnMachine(image))) {
    return new KubehopError(
      `Image "${image}" is neither on this machine nor in a registry that it reaches: ${text}`,
      "Make it with `npm run image` in a checkout of kubehop, or give the name of another.",
      { cause },
    );
  }
  if (id === undefined || lines.length === 0) {
    return new KubehopError(
      `A container of image "${image}" could not be started: ${text}`,
      "Nothing of it is left.",
      { cause },
    );
  }
  return new KubehopError(
    `The lab of image "${image}" did not start: ${text}\nIt said:\n${lastLines(lines)}`,
    "Nothing of it is left.",
    { cause },
  );
}

async function isOnMachine(image: string): Promise<boolean> {
  const client = await getContainerRuntimeClient();
  return client.image.exists(ImageName.fromString(image));
}

/** From the lab's own message on when it has one, else the last lines. */
function lastLines(lines: readonly string[]): string {
  const begin = lines.findLastIndex((line) => line.startsWith("kubehop: "));
  const shown = begin === -1 ? lines.slice(-SHOWN_LINES) : lines.slice(begin);
  return shown.map((line) => `  ${line}`).join("\n");
}

async function readLog(id: string): Promise<string[]> {
  try {
    const client = await getContainerRuntimeClient();
    const stream = await client.container.logs(client.container.getById(id));
    const timer = setTimeout(() => stream.destroy(), LOG_TIMEOUT_MS);
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    clearTimeout(timer);
    return text.trimEnd().split("\n");
  } catch {
    return [];
  }
}
