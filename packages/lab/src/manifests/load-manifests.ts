import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { LabError } from "../lab-error.ts";
import { describeProblem, type Manifest } from "./manifest.ts";
import { parseManifests } from "./parse-manifests.ts";

const EXTENSION = /\.(ya?ml|json)$/;
const MOST_PROBLEMS = 20;

/**
 * Reads all objects of files and folders (their *.yaml, *.yml and *.json, in order of their
 * names). Throws LabError that lists every problem with file, line and column: either all files
 * can be applied or none is.
 */
export async function loadManifests(paths: readonly string[]): Promise<Manifest[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat();
  const parsed = await Promise.all(
    files.map(async (file) => parseManifests(displayName(file), await readFile(file, "utf8"))),
  );
  const problems = parsed.flatMap((one) => one.problems);
  if (problems.length > 0) {
    const shown = problems
      .slice(0, MOST_PROBLEMS)
      .map((problem) => `  ${describeProblem(problem)}`);
    const more = problems.length - shown.length;
    throw new LabError(
      [`The files cannot be applied:`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])].join(
        "\n",
      ),
      "Nothing was applied. Correct them and try again.",
    );
  }
  return parsed.flatMap((one) => one.manifests);
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new LabError(`${path} cannot be read (${error.code}).`, "Name a file or a folder.");
  });
  if (!found.isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => EXTENSION.test(name)).sort();
  if (names.length === 0) {
    throw new LabError(`${path} has no *.yaml, *.yml or *.json file.`, "Name another folder.");
  }
  return names.map((name) => join(path, name));
}

/** As the user would write it: relative when below the working directory. */
function displayName(file: string): string {
  const short = relative("", file);
  return short.startsWith("..") ? file : short;
}
