import { type ApiServerProcess, startApiServer, startNats } from "@kubehop/testkit";

/** The API server as a process of its own over a nats-server of its own. */
export async function startApiServerProcess(): Promise<ApiServerProcess> {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startNats());
  const server = parts.use(await startApiServer(nats));
  const owned = parts.move();
  return { ...server, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
