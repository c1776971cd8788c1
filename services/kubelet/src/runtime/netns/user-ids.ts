/**
 * Whether there is one user id alone in a user namespace, by its /proc/PID/uid_map
 * (user_namespaces(7)): the form in which anybody may make one.
 */
export function hasOneUserId(uidMap: string): boolean {
  const lines = uidMap.trim().split("\n");
  const counts = lines.map((line) => Number(line.trim().split(/\s+/)[2]));
  return counts.reduce((sum, count) => sum + count, 0) === 1;
}
