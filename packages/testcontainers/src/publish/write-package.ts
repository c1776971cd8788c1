import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { writeDeclarations } from "./declarations.ts";

const PACKAGE = join(import.meta.dirname, "../..");
const PACKAGES = join(PACKAGE, "..");
/** Packages of ours that go into the bundle; what they need becomes a dependency. */
const OWN = ["api", "client", "lab", "trace", "tunnel"] as const;
/** The declarations' entry. */
const TYPES = "testcontainers/src/index.d.ts";

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Writes the package as it is published: one JavaScript file with everything of ours, declarations
 * beside it, a package.json with the third parties that the file imports. The folder is replaced.
 */
export async function writePackage(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const imported = await writeBundle(directory);
  await writeDeclarations(join(directory, "types"), TYPES);
  await writeManifest(directory, imported);
  await cp(join(PACKAGE, "README.md"), join(directory, "README.md"));
  await cp(join(PACKAGES, "..", "LICENSE"), join(directory, "LICENSE"));
}

/** Gives the names of the packages that the bundle imports. */
async function writeBundle(directory: string): Promise<string[]> {
  await using build = await rolldown({
    input: join(PACKAGE, "src/index.ts"),
    platform: "node",
    external: (id) => !id.startsWith(".") && !id.startsWith("/") && !id.startsWith("@kubehop/"),
    // None of our modules does anything but define: what is not used is left out.
    treeshake: { moduleSideEffects: false },
  });
  const { output } = await build.write({ dir: directory, entryFileNames: "index.js" });
  const imports = output.flatMap((chunk) => (chunk.type === "chunk" ? chunk.imports : []));
  return [...new Set(imports.filter((id) => !id.startsWith("node:")).map(packageName))].sort();
}

/** "typebox/value" → "typebox", "@a/b/c" → "@a/b". */
function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

async function writeManifest(directory: string, imported: readonly string[]): Promise<void> {
  const own = await readManifest("testcontainers");
  const needed = await Promise.all(OWN.map(readManifest));
  const versions: Readonly<Record<string, string>> = Object.assign(
    {},
    ...needed.map(({ dependencies }) => dependencies),
  );
  const peers = own.peerDependencies ?? {};
  const names = imported.filter((name) => !Object.hasOwn(peers, name));
  const dependencies = Object.fromEntries(names.map((name) => [name, versionOf(name, versions)]));
  const { version, description, license } = own;
  const manifest = {
    name: "@kubehop/testcontainers",
    version,
    description,
    license,
    type: "module",
    exports: {
      ".": { types: `./types/${TYPES}`, default: "./index.js" },
    },
    engines: { node: ">=22.22" },
    dependencies,
    peerDependencies: peers,
  };
  await writeFile(join(directory, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

async function readManifest(name: string): Promise<Manifest> {
  const text = await readFile(join(PACKAGES, name, "package.json"), "utf8");
  return JSON.parse(text) as Manifest;
}

function versionOf(name: string, versions: Readonly<Record<string, string>>): string {
  const version = versions[name];
  if (version !== undefined && !version.startsWith("workspace:")) return version;
  throw new Error(`the bundle imports ${name}, which none of our packages depends on`);
}
