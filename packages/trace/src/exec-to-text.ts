import { Writable } from "node:stream";
import { execInPod, type ExecOptions } from "./exec-socket.ts";

/** What a command has left behind. */
export interface ExecOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in a container and gives what it printed; for commands that print little. */
export async function execToText(
  options: Omit<ExecOptions, "stdout" | "stderr">,
): Promise<ExecOutput> {
  const stdout = collector();
  const stderr = collector();
  const exitCode = await execInPod({ ...options, stdout, stderr });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(): Writable & { text(): string } {
  const chunks: Buffer[] = [];
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return Object.assign(writable, { text: () => Buffer.concat(chunks).toString("utf8") });
}
