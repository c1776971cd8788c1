import { join } from "node:path";

/** Our programs and their threads, and where the source of each begins, from the checkout's top. */
export const PROGRAM_SOURCES = {
  apiserver: "services/apiserver/src/main.ts",
  "controller-manager": "services/controller-manager/src/main.ts",
  kubelet: "services/kubelet/src/main.ts",
  "kube-proxy": "services/kube-proxy/src/main.ts",
  "kube-proxy-worker": "services/kube-proxy/src/dataplane/userspace/workers/worker.ts",
  dns: "services/dns/src/main.ts",
  "dns-worker": "services/dns/src/worker/main.ts",
  "sample-app": "services/sample-app/src/main.ts",
  kubehop: "packages/cli/src/main.ts",
  sandbox: "packages/lab/src/sandbox/main.ts",
  gateway: "packages/lab/src/gateway/main.ts",
  relay: "packages/lab/src/uplink/main.ts",
} as const;

/** A program of ours. */
export type Program = keyof typeof PROGRAM_SOURCES;

/** Programs run from their sources, or from bundles: NAME.mjs, all in one folder. */
const BUNDLED = import.meta.filename.endsWith(".mjs");

/**
 * The folder with everything of ours: the checkout's top, or the folder of the bundles. Files that
 * are read at run time have the same path from it in both.
 */
export const ROOT: string = BUNDLED
  ? import.meta.dirname
  : join(import.meta.dirname, "..", "..", "..");

/** The file that Node.js runs as that program. */
export function programFile(program: Program): string {
  return join(ROOT, BUNDLED ? `${program}.mjs` : PROGRAM_SOURCES[program]);
}

/** Absolute path of a file or folder that is read at run time, by its path from the checkout's top. */
export function dataPath(path: string): string {
  return join(ROOT, path);
}
