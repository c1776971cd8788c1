import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LabOptions, readLabEnvironment, type RunningLab, startLab } from "@kubehop/lab";

/** How a test's lab differs from the usual one. */
export interface TestLabOptions extends Partial<Omit<LabOptions, "environment">> {
  /** The `--forwarder` of every kube-proxy; their own default without it. */
  readonly forwarder?: string;
}

/**
 * Starts an embedded lab of a test's own: a random name, its state in a temporary folder, a free
 * port. Disposing it ends every process and removes the folder. Throws what startLab throws.
 */
export async function startTestLab({
  forwarder = process.env["KUBEHOP_FORWARDER"],
  ...options
}: TestLabOptions = {}): Promise<RunningLab> {
  const home = await mkdtemp(join(tmpdir(), "kubehop-lab-"));
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true });
  const variables = { ...process.env, KUBEHOP_HOME: home, KUBEHOP_FORWARDER: forwarder };
  const name = `test-${randomBytes(4).toString("hex")}`;
  try {
    const environment = readLabEnvironment(variables, process.execPath);
    const lab = await startLab({ name, ...options, environment });
    return {
      ...lab,
      async [Symbol.asyncDispose]() {
        await lab[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
