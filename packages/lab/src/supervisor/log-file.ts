import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** A log file that processes write to directly; disposing it closes our handle. */
export interface LogFile extends Disposable {
  /** Open for appending; children inherit it. */
  readonly fd: number;
  readonly path: string;
  /** Moves the content to `<path>.1` when it has grown past the bound. */
  bound(): void;
}

/** The size in bytes from which a log is moved aside; a log takes at most about twice of it. */
const LOG_BOUND_BYTES = 8 * 1024 * 1024;

/** The log file of a process: "kube-proxy/node-1" is kube-proxy-node-1.log. */
export function logPath(directory: string, name: string): string {
  return join(directory, `${name.replaceAll("/", "-")}.log`);
}

/** Opens a log file for appending and creates its folder. */
export function openLogFile(path: string, boundBytes: number = LOG_BOUND_BYTES): LogFile {
  mkdirSync(join(path, ".."), { recursive: true });
  const fd = openSync(path, "a+", 0o600);
  return {
    fd,
    path,
    bound() {
      if (fstatSync(fd).size <= boundBytes) return;
      // Children hold the file open for appending: after the cut they go on at its start.
      copyFileSync(path, `${path}.1`);
      ftruncateSync(fd, 0);
    },
    [Symbol.dispose]: () => closeSync(fd),
  };
}
