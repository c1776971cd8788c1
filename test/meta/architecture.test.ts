import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { importsOf, ROOT, sourceFiles } from "./sources.ts";
import type { SourceFile } from "./sources.ts";

/** Which packages may be imported by whom: the arrows of ARCHITECTURE.md. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "packages/api": [],
  "packages/dns-wire": [],
  "packages/syscalls": [],
  "packages/tunnel": [],
  "packages/client": ["api"],
  "packages/routing": ["api"],
  "packages/rules": ["api", "routing"],
  "packages/kit": ["api"],
  "packages/lab": ["api", "client", "kit", "tunnel"],
  "packages/testkit": ["api", "client", "kit", "lab", "routing"],
  "packages/trace": ["api", "client"],
  "packages/testcontainers": ["api", "client", "lab", "trace", "tunnel"],
  "packages/cli": ["api", "client", "kit", "lab", "routing", "rules", "trace"],
  "services/apiserver": ["api", "client", "kit"],
  "services/controller-manager": ["api", "client", "kit"],
  "services/dns": ["api", "client", "dns-wire", "kit"],
  "services/kube-proxy": ["api", "client", "kit", "routing", "rules", "syscalls"],
  "services/kubelet": ["api", "client", "kit"],
  "services/sample-app": [],
};

/** Tests of a package may use the testkit, unless the testkit stands on that package. */
const TESTKIT_USERS = /^(services\/(?!sample-app)|packages\/(client|cli))/;

/** Third parties that have one door each: where the sources may import them. Tests may anywhere. */
const DOORS: Readonly<Record<string, RegExp>> = {
  "@nats-io/": /^packages\/client\/src\/bus\//,
  undici:
    /^(packages\/client\/src\/rest|services\/kubelet\/src\/(.*prob|runtime\/docker\/engine\.)|services\/sample-app\/)/,
  fastify: /^(services\/(apiserver|kubelet|sample-app)\/|packages\/kit\/src\/admin-server)/,
  dns2: /^services\/sample-app\//,
  "dns-packet": /^$/,
  "@marcbachmann/cel-js": /^services\/apiserver\/src\/custom-resources\/cel/,
  "@kubernetes/client-node": /^$/,
  re2js: /^services\/apiserver\/src\/custom-resources\/pattern/,
  commander: /^packages\/cli\//,
  pino: /^(packages\/kit\/src\/logger|services\/sample-app\/)/,
  "prom-client": /^(packages\/kit\/|(packages|services)\/.*\/metrics\.ts$)/,
  ws: /^(packages\/trace|services\/(apiserver|kubelet))\//,
  jose: /^services\/apiserver\/src\/auth\//,
  "@peculiar/x509": /^packages\/kit\/src\/certificates/,
  rfc6902: /^$/,
  testcontainers: /^packages\/testcontainers\//,
  koffi: /^packages\/syscalls\//,
  vitest: /^$/,
};

const FILES = sourceFiles();

describe("the import scan", () => {
  test("sees every form of import, and none in comments", () => {
    const text = `
      import "a";
      import b from "b";
      import { c,
        d } from "c";
      import type { E } from 'e';
      export { f } from "f";
      const g = await import("g");
      // import "no";
      /* import "no"; */
      const text = "import this";
    `;
    expect(importsOf(text)).toEqual(["a", "b", "c", "e", "f", "g"]);
  });

  test("finds the sources", () => {
    expect(FILES.length).toBeGreaterThan(50);
    expect(FILES.flatMap((file) => file.imports)).toContain("@kubehop/api");
  });
});

describe("architecture", () => {
  test("every package and service has a place in the table of arrows", () => {
    const rooms = new Set(FILES.map((file) => roomOf(file.path)).filter((room) => room !== "test"));
    expect([...rooms].sort()).toEqual(Object.keys(ARROWS).sort());
  });

  test("imports of our own packages follow the arrows", () => {
    expect(FILES.flatMap(forbiddenArrows)).toEqual([]);
  });

  test("no relative import leaves its package", () => {
    expect(FILES.flatMap(escapes)).toEqual([]);
  });

  test("relative imports name a file that exists, with its ending", () => {
    expect(FILES.filter((file) => !file.isTest).flatMap(danglingImports)).toEqual([]);
  });

  test("third parties come in by their doors", () => {
    expect(FILES.filter((file) => !file.isTest).flatMap(wrongDoors)).toEqual([]);
  });

  test("sources do not import tests", () => {
    const offenders = FILES.filter((file) => !file.isTest).flatMap((file) =>
      relativeImports(file).filter(({ target }) => /\.test\.ts$|\/testing\//.test(target)),
    );
    expect(offenders).toEqual([]);
  });
});

/** "packages/api", "services/dns" or "test". */
function roomOf(path: string): string {
  const [top = "", name = ""] = path.split("/");
  return top === "test" ? "test" : `${top}/${name}`;
}

function forbiddenArrows(file: SourceFile): string[] {
  const room = roomOf(file.path);
  if (room === "test") return [];
  const allowed = new Set(ARROWS[room]);
  if (file.isTest && TESTKIT_USERS.test(file.path)) allowed.add("testkit");
  return file.imports
    .map((name) => /^@kubehop\/([^/]+)/.exec(name)?.[1])
    .filter((name) => name !== undefined)
    .filter((name) => !allowed.has(name))
    .map((name) => `${file.path} imports @kubehop/${name}`);
}

function relativeImports(file: SourceFile): { from: string; target: string }[] {
  return file.imports
    .filter((name) => name.startsWith("."))
    .map((name) => ({ from: file.path, target: normalize(join(dirname(file.path), name)) }));
}

function escapes(file: SourceFile): string[] {
  return relativeImports(file)
    .filter(({ target }) => !target.startsWith(`${roomOf(file.path)}/`))
    .map(({ from, target }) => `${from} imports ${target}`);
}

function danglingImports(file: SourceFile): string[] {
  return relativeImports(file)
    .filter(({ target }) => !existsSync(join(ROOT, target)))
    .map(({ from, target }) => `${from} imports ${target}, which does not exist`);
}

function wrongDoors(file: SourceFile): string[] {
  return file.imports.flatMap((name) => {
    const third = Object.keys(DOORS).find((door) => isFrom(name, door));
    return third && !DOORS[third]?.test(file.path) ? [`${file.path} imports ${name}`] : [];
  });
}

function isFrom(name: string, door: string): boolean {
  return name === door || name.startsWith(door.endsWith("/") ? door : `${door}/`);
}
