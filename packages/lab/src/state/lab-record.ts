import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity } from "./process-identity.ts";

/** What lab.json says of a lab; other processes of the user read it. */
export interface LabRecord {
  readonly name: string;
  /** Ends the lab when it ends. */
  readonly launcher: ProcessIdentity;
  /** The host's process id of the sandbox's unshare; absent until it runs. */
  readonly sandboxPid?: number;
  /** 127.0.0.1 port of the API server; absent until it is listened on. */
  readonly apiPort?: number;
  readonly nodes: number;
  readonly serviceCidr: string;
  readonly clusterCidr: string;
  readonly versions: { readonly kubehop: string; readonly node: string };
  /** RFC 3339. */
  readonly createdAt: string;
  /** Whether every addon and every workload given to it was ready once. */
  readonly ready: boolean;
}

const FILE = "lab.json";

/** Reads the record of a lab's folder; undefined when there is none that can be read. */
export function readLabRecord(directory: string): LabRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, FILE), "utf8")) as LabRecord;
  } catch {
    return undefined;
  }
}

/** Writes a lab's record; readers see the old one or the new one, never a part. */
export function writeLabRecord(directory: string, record: LabRecord): void {
  const file = join(directory, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
