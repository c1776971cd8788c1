import type { Role } from "./role.ts";

/** Every role by its name; loaded only when asked for, because a pod should start at once. */
export const ROLES: Readonly<Record<string, () => Promise<Role>>> = {
  backend: async () => (await import("./roles/backend.ts")).backend,
  slow: async () => (await import("./roles/slow.ts")).slow,
  flaky: async () => (await import("./roles/flaky.ts")).flaky,
  web: async () => (await import("./roles/web.ts")).web,
  "tcp-echo": async () => (await import("./roles/tcp-echo.ts")).tcpEcho,
  "udp-echo": async () => (await import("./roles/udp-echo.ts")).udpEcho,
  load: async () => (await import("./roles/load.ts")).load,
  fetch: async () => (await import("./roles/fetch.ts")).fetchUrl,
  lookup: async () => (await import("./roles/lookup.ts")).lookupName,
  wait: async () => (await import("./roles/wait.ts")).wait,
  pause: async () => (await import("./roles/wait.ts")).pause,
  nginx: async () => (await import("./roles/nginx.ts")).nginx,
  "agnhost netexec": async () => (await import("./agnhost/netexec.ts")).netexec,
  "agnhost serve-hostname": async () => (await import("./agnhost/serve-hostname.ts")).serveHostname,
  "agnhost connect": async () => (await import("./agnhost/connect.ts")).connect,
  "agnhost pause": async () => (await import("./roles/wait.ts")).agnhostPause,
};

/** Finds the role the command line names (one word, or two after `agnhost`) and what follows it. */
export function findRole(
  argv: readonly string[],
): { load: () => Promise<Role>; args: readonly string[] } | undefined {
  const [first = "", second = ""] = argv;
  const twoWords = ROLES[`${first} ${second}`];
  if (twoWords) return { load: twoWords, args: argv.slice(2) };
  const oneWord = Object.hasOwn(ROLES, first) ? ROLES[first] : undefined;
  return oneWord && { load: oneWord, args: argv.slice(1) };
}
