import { programFile } from "@kubehop/kit/programs";

/** What an image stands for on a node without a registry: a program that is already there. */
export interface Image {
  /** What runs when the container has no `command`. */
  readonly entrypoint: readonly string[];
  /** Arguments of the entry point when the container has no `args`. */
  readonly args: readonly string[];
}

/** Programs of ours start as this process did: with the same Node.js and its flags. */
const RUN = [process.execPath, ...process.execArgv];
const SAMPLE_APP = [...RUN, programFile("sample-app")];

const shell: Image = { entrypoint: [], args: ["sh"] };

/**
 * THE table of images, by name without registry, tag and digest. To add one, write a line: the
 * name, the program (absolute path, or a name the node's PATH finds) and its default arguments.
 * A container with `command` needs no line here, whatever its image.
 */
const IMAGES: Readonly<Record<string, Image>> = {
  "kubehop/sample-app": { entrypoint: SAMPLE_APP, args: ["backend"] },
  "kubehop/dns": { entrypoint: [...RUN, programFile("dns")], args: [] },
  "kubehop/relay": { entrypoint: [...RUN, programFile("relay")], args: [] },
  nginx: { entrypoint: [...SAMPLE_APP, "nginx"], args: [] },
  pause: { entrypoint: [...SAMPLE_APP, "pause"], args: [] },
  agnhost: { entrypoint: [...SAMPLE_APP, "agnhost"], args: ["pause"] },
  node: { entrypoint: [], args: [process.execPath] },
  busybox: shell,
  alpine: shell,
  debian: shell,
  ubuntu: shell,
  "curlimages/curl": { entrypoint: ["curl"], args: ["--help"] },
  curl: { entrypoint: ["curl"], args: ["--help"] },
};

/** Names under which the same images are published. */
const ALIASES: Readonly<Record<string, string>> = {
  coredns: "kubehop/dns",
  "coredns/coredns": "kubehop/dns",
  "e2e-test-images/agnhost": "agnhost",
};

/**
 * The program an image name stands for. Registry host, `library/`, tag and digest are left out:
 * `registry.k8s.io/e2e-test-images/agnhost:2.47` is `agnhost`. Undefined when it is unknown.
 */
export function findImage(name: string): Image | undefined {
  const repository = repositoryOf(name);
  const known = ALIASES[repository] ?? repository;
  return Object.hasOwn(IMAGES, known) ? IMAGES[known] : undefined;
}

/** What a user is told about an image without a program, as the message of ErrImagePull. */
export function unknownImageMessage(name: string): string {
  return (
    `failed to pull image "${name}": no program stands for "${repositoryOf(name)}" here; give the ` +
    `container a command, use one of ${Object.keys(IMAGES).sort().join(", ")}, or add a line to ` +
    "services/kubelet/src/catalogue.ts"
  );
}

/** An image name without registry host, `library/`, tag and digest. */
export function repositoryOf(name: string): string {
  const [withoutDigest = ""] = name.split("@");
  const parts = withoutDigest.replace(/:[^:/]*$/, "").split("/");
  const [first = ""] = parts;
  const hasHost = parts.length > 1 && (/[.:]/.test(first) || first === "localhost");
  return (hasHost ? parts.slice(1) : parts).join("/").replace(/^library\//, "");
}
