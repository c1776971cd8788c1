import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { dataPath, ROOT } from "@kubehop/kit/programs";
import { LabError } from "./lab-error.ts";

/** What a lab takes from the environment of the process that starts it. */
export interface LabEnvironment {
  /** The folder that holds the state of every lab of this user. */
  readonly home: string;
  /** PATH, for the programs of the machine. */
  readonly path: string;
  /** The Node.js that runs every process, with the flags it needs. */
  readonly node: NodeCommand;
  readonly natsServer: string;
  /** Where Node.js keeps compiled code; makes starts faster. */
  readonly compileCache?: string;
  /** The seed of every process's random draws; without it they differ from run to run. */
  readonly seed?: string;
  /** The `--forwarder` of every kube-proxy; without it they have their own default. */
  readonly forwarder?: string;
}

/** A Node.js and its flags; the file to run comes behind them. */
export type NodeCommand = readonly [string, ...string[]];

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Reads a lab's environment. Throws LabError when there is no nats-server or no place for state. */
export function readLabEnvironment(variables: Variables, execPath: string): LabEnvironment {
  const path = withSystemFolders(variables["PATH"] ?? DEFAULT_PATH);
  const seed = variables["KUBEHOP_SEED"];
  const compileCache = variables["NODE_COMPILE_CACHE"];
  const forwarder = variables["KUBEHOP_FORWARDER"];
  return {
    home: stateHome(variables),
    path,
    node: nodeCommand(execPath),
    natsServer: findNatsServer(variables["KUBEHOP_NATS_SERVER"], path),
    ...(compileCache === undefined ? {} : { compileCache }),
    ...(seed === undefined ? {} : { seed }),
    ...(forwarder === undefined ? {} : { forwarder }),
  };
}

/**
 * The command that runs our TypeScript files. Third-party code comes from the bundles that set-up
 * has made, when there are any: a process then starts in a third of the time.
 */
export function nodeCommand(execPath: string): NodeCommand {
  const register = dataPath(".toolchain/vendor/register.mjs");
  return isAllowed(register, constants.R_OK) ? [execPath, "--import", register] : [execPath];
}

/**
 * The folder of all labs of this user: KUBEHOP_HOME, else kubehop in XDG_STATE_HOME, else
 * ~/.kubehop when the home can be written, else one below the temporary folder.
 */
export function stateHome(variables: Variables): string {
  const home = variables["HOME"];
  const candidates = [
    variables["KUBEHOP_HOME"],
    under(variables["XDG_STATE_HOME"], "kubehop"),
    home !== undefined && isWritable(home) ? under(home, ".kubehop") : undefined,
    join(tmpdir(), `kubehop-${process.getuid?.()}`),
  ];
  const chosen = candidates.find((folder) => folder !== undefined && folder !== "") as string;
  for (const folder of [chosen, ROOT]) refuseRun(folder);
  return chosen;
}

/** Inside a sandbox /run is another file system. */
function refuseRun(folder: string): void {
  if (!folder.startsWith("/run/") && !folder.startsWith("/var/run/")) return;
  throw new LabError(
    `${folder} is below /run, which a sandbox does not see.`,
    "Use another folder; KUBEHOP_HOME names the one for a lab's state.",
  );
}

function under(folder: string | undefined, name: string): string | undefined {
  return folder === undefined || folder === "" ? undefined : join(folder, name);
}

/** ip and others are in folders that an ordinary user's PATH may lack. */
function withSystemFolders(path: string): string {
  const folders = path.split(delimiter).filter((folder) => folder.startsWith("/"));
  return [...new Set([...folders, ...DEFAULT_PATH.split(":")])].join(delimiter);
}

function findNatsServer(named: string | undefined, path: string): string {
  const candidates =
    named !== undefined && named !== ""
      ? [named]
      : [
          ...path.split(delimiter).map((folder) => join(folder, "nats-server")),
          dataPath(".toolchain/nats/usr/sbin/nats-server"),
        ];
  const found = candidates.find((file) => isAllowed(file, constants.X_OK));
  if (found !== undefined) return found;
  throw new LabError(
    named === undefined || named === ""
      ? "There is no nats-server, neither in PATH nor in .toolchain."
      : `KUBEHOP_NATS_SERVER is "${named}", which is not a program that can be run.`,
    "Run npm run setup, or name one in KUBEHOP_NATS_SERVER.",
  );
}

function isWritable(folder: string): boolean {
  return folder.startsWith("/") && isAllowed(folder, constants.W_OK);
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
