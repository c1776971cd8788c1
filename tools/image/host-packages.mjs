import { spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { SetupError } from "../toolchain/child.mjs";

/** Folders that an image does without. */
const LEFT_OUT = /^\/usr\/(share\/(doc|man|info|locale|lintian|bug|bash-completion|zsh)|include)\b/;
/** Packages that configure others when they are installed, which nobody does here. */
const NOT_FOLLOWED = new Set(["debconf", "debconf-2.0", "perl-base", "init-system-helpers"]);

/**
 * The files of installed Debian packages and of all they depend on, as paths from / in which no
 * folder is a symbolic link. Throws SetupError when this is no Debian machine or a package is absent.
 */
export function filesOfPackages(names) {
  const installed = readInstalled();
  const absent = names.filter((name) => !installed.has(name));
  if (absent.length > 0) {
    throw new SetupError(
      `Stand-ins are made of this machine's packages, and it lacks ${absent.join(", ")}. Install them (apt-get install ${absent.join(" ")}) and run this again.`,
    );
  }
  const closure = closureOf(names, installed);
  const listed = dpkg("dpkg-query", ["--listfiles", ...closure]).split("\n");
  const paths = listed.filter((path) => path.startsWith("/") && !LEFT_OUT.test(path));
  return [...new Set(paths.map(withoutMergedLink))].filter(isFileOrLink);
}

/** Dependencies of each installed package, under its name and what it provides. */
function readInstalled() {
  const format = "${Package}\t${db:Status-Status}\t${Pre-Depends}, ${Depends}\t${Provides}\n";
  const installed = new Map();
  for (const line of dpkg("dpkg-query", ["--show", `--showformat=${format}`]).split("\n")) {
    const [name, status, depends = "", provides = ""] = line.split("\t");
    if (status !== "installed") continue;
    for (const alias of [name, ...namesIn(provides)]) {
      if (alias === name || !installed.has(alias)) installed.set(alias, { name, depends });
    }
  }
  return installed;
}

function closureOf(names, installed) {
  const closure = new Set();
  const open = [...names];
  while (open.length > 0) {
    const found = installed.get(open.pop());
    if (found === undefined || closure.has(found.name) || NOT_FOLLOWED.has(found.name)) continue;
    closure.add(found.name);
    // Of alternatives all that are installed: one of them was meant.
    open.push(...namesIn(found.depends));
  }
  return [...closure];
}

/** "libc6 (>= 2.36), a | b:any" → libc6, a, b */
function namesIn(relations) {
  return relations
    .split(/[,|]/)
    .map((relation) => relation.trim().replace(/[\s(:].*$/, ""))
    .filter((name) => name !== "");
}

/** Older packages list /bin/x, which is /usr/bin/x on every machine with one /usr. */
function withoutMergedLink(path) {
  const merged = /^\/(bin|sbin|lib|lib32|lib64|libx32)(?=\/)/.exec(path);
  return merged !== null && isLink(`/${merged[1]}`) ? `/usr${path}` : path;
}

function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function isFileOrLink(path) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.isFile() || found.isSymbolicLink());
}

function dpkg(program, args) {
  const { status, stdout, error } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error === undefined && status === 0) return stdout;
  throw new SetupError(
    "Stand-ins are made of this machine's Debian packages, and dpkg-query does not run here. Make the base images known to the engine in another way (docker pull, docker load) and run this again.",
  );
}
