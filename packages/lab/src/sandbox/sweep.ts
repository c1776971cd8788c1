import { readdirSync, readlinkSync } from "node:fs";

const ROUNDS = 50;

/**
 * Kills every process of our user namespace but the spared ones. Needed where the sandbox has no process
 * namespace of its own, which would do it by itself. Pods' processes may still be starting
 * others, so it looks again until there is none.
 */
export function sweepUserNamespace(spared: readonly number[]): void {
  const own = readlinkSync("/proc/self/ns/user");
  for (let round = 0; round < ROUNDS; round += 1) {
    const others = processIds().filter(
      (pid) => !spared.includes(pid) && userNamespace(pid) === own,
    );
    if (others.length === 0) return;
    others.forEach(kill);
  }
}

function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function userNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/user`);
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
