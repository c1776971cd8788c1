import { join } from "node:path";

/** The checkout. */
export const ROOT: string = join(import.meta.dirname, "../..");

/** The folder of example manifests. */
export const EXAMPLES: string = join(ROOT, "examples");

/** The program of the sample app; pods of a lab see the host's files. */
export const SAMPLE_APP: string = join(ROOT, "services/sample-app/src/main.ts");

/** The command line of kubehop. */
export const CLI: string = join(ROOT, "packages/cli/src/main.ts");
