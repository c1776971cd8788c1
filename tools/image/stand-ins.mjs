import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, SetupError } from "../toolchain/child.mjs";
import { findNatsServer } from "../toolchain/nats-server.mjs";
import { nodePath } from "../toolchain/npm-packages.mjs";
import { STAND_IN_LABEL } from "./docker.mjs";
import { filesOfPackages } from "./host-packages.mjs";

/** What a slim image has and what ours needs on top, so that its build asks no archive. */
const BASE_PACKAGES = [
  "base-files",
  "bash",
  "coreutils",
  "curl",
  "dash",
  "grep",
  "hostname",
  "iproute2",
  "libc-bin",
  "libstdc++6",
  "mount",
  "sed",
  "tar",
  "util-linux",
];

const PASSWD = `root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;
const GROUP = "root:x:0:\nnogroup:x:65534:\n";
const NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\n";
const MERGED = ["bin", "sbin", "lib", "lib64"];

/**
 * Makes images of the given names from this machine's packages and Node.js, without a registry,
 * labelled as stand-ins. `base` has to be made (or be there) before the others.
 * Throws SetupError when the machine has not what they are made of.
 */
export const STAND_INS = { base: makeBase, node: makeNode, nats: makeNats };

/** Directories, links and a few files of /etc, and the files of installed packages. */
async function makeBase(name) {
  await inTemporaryFolder(async (folder) => {
    const root = join(folder, "root");
    writeSkeleton(root);
    const list = join(folder, "files");
    const files = filesOfPackages(BASE_PACKAGES).filter((path) => path.startsWith("/usr/"));
    writeFileSync(list, files.map((path) => `.${path}\n`).join(""));
    const selection = ["-C", root, ".", "-C", "/", "--no-recursion", `--files-from=${list}`];
    await importTar(selection, name, join(folder, "root.tar"));
  });
}

function writeSkeleton(root) {
  for (const path of ["etc", "root", "run", "proc", "sys", "dev", "var/lib", "var/log", "usr"]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  mkdirSync(join(root, "tmp"));
  chmodSync(join(root, "tmp"), 0o1777);
  chmodSync(root, 0o755);
  symlinkSync("/run", join(root, "var/run"));
  for (const path of MERGED) {
    mkdirSync(join(root, "usr", path));
    symlinkSync(`usr/${path}`, join(root, path));
  }
  writeFileSync(join(root, "etc/passwd"), PASSWD);
  writeFileSync(join(root, "etc/group"), GROUP);
  writeFileSync(join(root, "etc/nsswitch.conf"), NSSWITCH);
}

async function importTar(selection, name, file) {
  const failure = `A stand-in for ${name} could not be made.`;
  const owner = ["--owner=root:0", "--group=root:0"];
  await run("tar", ["--create", `--file=${file}`, ...owner, ...selection], { failure });
  const changes = [`LABEL ${STAND_IN_LABEL}=true`, 'CMD ["bash"]'].flatMap((line) => ["-c", line]);
  await run("docker", ["import", ...changes, file, name], { failure });
}

function makeNode(name, base) {
  return buildFrom({ name, base, program: nodePath(), target: "/usr/local/bin/node" });
}

function makeNats(name, base) {
  const program = findNatsServer();
  if (program === undefined) throw new SetupError("There is no nats-server; run npm run setup.");
  return buildFrom({ name, base, program, target: "/nats-server" });
}

function buildFrom({ name, base, program, target }) {
  return inTemporaryFolder(async (folder) => {
    cpSync(program, join(folder, "program"), { dereference: true });
    const lines = [
      `FROM ${base}`,
      `COPY program ${target}`,
      `RUN ${target} --version`,
      `LABEL ${STAND_IN_LABEL}=true`,
      `ENTRYPOINT ["${target}"]`,
    ];
    writeFileSync(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    await run("docker", ["build", "--tag", name, folder], {
      failure: `A stand-in for ${name} could not be made.`,
    });
  });
}

async function inTemporaryFolder(body) {
  const folder = await mkdtemp(join(tmpdir(), "kubehop-stand-in-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
