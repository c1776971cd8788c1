import { spawn } from "node:child_process";
import { constants } from "node:os";

/**
 * Runs a program in the foreground: same terminal, signals passed on, and the program ends when
 * this process does, even by SIGKILL. Gives its exit code (128 + number for a signal).
 */
export async function runInForeground(command, args, env) {
  const bound = ["--pdeathsig", "TERM", command, ...args];
  const end = await start("setpriv", bound, env);
  return end.error?.code === "ENOENT" ? exitCode(await start(command, args, env)) : exitCode(end);
}

function start(command, args, env) {
  const child = spawn(command, args, { env, stdio: "inherit" });
  // The terminal sends SIGINT to the whole group: the child decides, we wait for it.
  const pass = (signal) => signal === "SIGINT" || child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, pass);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ error }));
    child.on("exit", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const signal of signals) process.off(signal, pass);
  });
}

function exitCode({ error, code, signal }) {
  if (error !== undefined) throw error;
  return code ?? 128 + (constants.signals[signal] ?? 1);
}
