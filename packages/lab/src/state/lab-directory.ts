import { mkdirSync, mkdtempSync, readdirSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { LabError } from "../lab-error.ts";
import { labFiles } from "./lab-files.ts";
import { type LabRecord, readLabRecord, writeLabRecord } from "./lab-record.ts";
import { isRunning } from "./process-identity.ts";

const LABS = "labs";
const NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const ATTEMPTS = 5;

/** A lab's folder that is ours as long as we run. Disposing it removes it. */
export interface ClaimedDirectory extends AsyncDisposable {
  readonly path: string;
  /** Changes lab.json. A lab that never became ready leaves its logs when it is disposed. */
  update(change: Partial<LabRecord>): void;
}

/** A lab of this user. */
export interface KnownLab {
  readonly directory: string;
  readonly record: LabRecord;
}

/** The folder of a lab of that name. Throws LabError when the name is not possible. */
export function labDirectory(home: string, name: string): string {
  if (!NAME.test(name)) {
    throw new LabError(
      `"${name}" cannot be the name of a lab.`,
      "Use up to 40 lower-case letters, digits and inner dashes.",
    );
  }
  return join(home, LABS, name);
}

/**
 * Makes a lab's folder and takes it for the launcher named in the record. The folder appears with
 * its record in one step, so two launchers never share one. What a dead launcher has left is
 * removed first. Throws LabError when a lab of that name runs.
 */
export async function claimLabDirectory(home: string, first: LabRecord): Promise<ClaimedDirectory> {
  const path = labDirectory(home, first.name);
  makeFolder(join(home, LABS));
  let record = first;
  for (let attempt = 0; ; attempt += 1) {
    const fresh = mkdtempSync(join(home, LABS, ".new-"));
    writeLabRecord(fresh, record);
    if (tryRename(fresh, path)) break;
    await rm(fresh, { recursive: true, force: true });
    await refuseOrSweep(home, path, record.name);
    if (attempt === ATTEMPTS) throw new LabError(`${path} is in use.`, "Try again.");
  }
  return {
    path,
    update(change) {
      record = { ...record, ...change };
      writeLabRecord(path, record);
    },
    async [Symbol.asyncDispose]() {
      if (!record.ready) await keepLogs(home, path);
      await removeFolder(home, path);
    },
  };
}

/** Where the logs of a lab that could not be started are kept, until it is started again. */
export function failedLogs(home: string, name: string): string {
  return join(home, "failed", name);
}

/** The labs that run now, by name. Removes what dead launchers have left. */
export async function runningLabs(home: string): Promise<KnownLab[]> {
  const labs: KnownLab[] = [];
  for (const name of folderNames(join(home, LABS))) {
    const lab = await findRunningLab(home, name);
    if (lab !== undefined) labs.push(lab);
  }
  return labs;
}

/** The running lab of that name; undefined when there is none. */
export async function findRunningLab(home: string, name: string): Promise<KnownLab | undefined> {
  const directory = labDirectory(home, name);
  const record = readLabRecord(directory);
  if (record === undefined) return undefined;
  if (isRunning(record.launcher)) return { directory, record };
  await removeFolder(home, directory);
  return undefined;
}

async function refuseOrSweep(home: string, path: string, name: string): Promise<void> {
  const record = readLabRecord(path);
  if (record !== undefined && isRunning(record.launcher)) {
    throw new LabError(
      `A lab "${name}" runs already (process ${record.launcher.pid}).`,
      `End it with: kubehop down --name ${name}. Or start this one beside it with --name OTHER.`,
    );
  }
  await removeFolder(home, path);
}

async function keepLogs(home: string, path: string): Promise<void> {
  const target = failedLogs(home, basename(path));
  await rm(target, { recursive: true, force: true });
  mkdirSync(join(target, ".."), { recursive: true, mode: 0o700 });
  tryRename(labFiles(path).logs, target);
}

/** Out of the way in one step, then removed: nobody sees half a lab. */
async function removeFolder(home: string, path: string): Promise<void> {
  const aside = mkdtempSync(join(home, LABS, ".old-"));
  tryRename(path, join(aside, "lab"));
  await rm(aside, { recursive: true, force: true, maxRetries: 3 });
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOENT") return false;
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LabError(
      `The folder ${path} cannot be made (${(error as NodeJS.ErrnoException).code}).`,
      "Name a folder that you can write in KUBEHOP_HOME.",
      { cause: error },
    );
  }
}

function folderNames(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => NAME.test(name));
  } catch {
    return [];
  }
}
