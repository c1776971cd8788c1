import { createHttpBackend } from "./http-backend.ts";
import type { Interference } from "./http-backend.ts";
import { createLogger, logFlags } from "./log.ts";
import { podIdentity } from "./pod-identity.ts";
import type { RoleContext } from "./role.ts";
import { aborted, drain, listen, servingFlags } from "./serving.ts";
import type { ServingFlags } from "./serving.ts";
import type { Flags } from "./flags.ts";

const BACKEND_PORT = 8080;

/** The flags of backend, slow and flaky. */
export const backendFlags: ServingFlags & typeof logFlags = {
  ...servingFlags(BACKEND_PORT),
  ...logFlags,
};

/** Serves until the signal aborts: unready first, then no new connections, then the rest finishes. */
export async function runBackend(
  context: RoleContext,
  flags: Flags<typeof backendFlags>,
  options: { name: string; interfere?: Interference },
): Promise<number> {
  const logger = createLogger(options.name, flags["log-level"]);
  const backend = createHttpBackend({
    identity: podIdentity(context.env),
    onAccess: (access) => logger.info(access, "request"),
    ...(options.interfere ? { interfere: options.interfere } : {}),
  });
  const { address, port } = await listen(backend.server, flags.host, flags.port);
  logger.info({ address, port }, "listening");
  await aborted(context.signal);
  backend.setReady(false);
  logger.info("stopping");
  await drain(backend.server, flags["lame-duck"], flags["shutdown-grace"]);
  return 0;
}
