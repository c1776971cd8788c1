import { request } from "node:https";
import type { RestOptions } from "@kubehop/client";

/** Whom to watch, and how many times. */
export interface FanOutRequest {
  readonly server: Pick<RestOptions, "server" | "ca" | "cert" | "key">;
  readonly path: string;
  readonly watchers: number;
  /** How many changes will come. */
  readonly changes: number;
}

/** All watches are open; then, after the last change, how long each delivery took. */
export type FanOutReport = { readonly open: true } | { readonly latenciesMs: readonly number[] };

/** What a change carries: when it was sent, in ms since 1970 with fractions. */
const SENT = /"sent":"([\d.]+)"/;

/*
 * Watchers in a process of their own. Each reads one stream of changes, and notes how long after
 * its sending a change has arrived.
 */
process.on("message", (message: FanOutRequest) => {
  void run(message);
});
process.once("disconnect", () => process.exit(0));

async function run({ server, path, watchers, changes }: FanOutRequest): Promise<void> {
  const latenciesMs: number[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const onEvent = (text: string): void => {
    const sent = SENT.exec(text)?.[1];
    if (sent === undefined) return;
    latenciesMs.push(performance.timeOrigin + performance.now() - Number(sent));
    if (latenciesMs.length === watchers * changes) resolve();
  };
  for (let opened = 0; opened < watchers; opened += 50) {
    const batch = Math.min(50, watchers - opened);
    await Promise.all(Array.from({ length: batch }, () => watch(server, path, onEvent)));
  }
  process.send?.({ open: true } satisfies FanOutReport);
  await all;
  process.send?.({ latenciesMs } satisfies FanOutReport);
}

/** Resolves when the stream has begun. */
function watch(
  { server, ...tls }: FanOutRequest["server"],
  path: string,
  onEvent: (text: string) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const call = request(`${server}${path}`, { ...tls, agent: false }, (response) => {
    let rest = "";
    response.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(onEvent);
    });
    resolve();
  });
  call.on("error", reject).end();
  return promise;
}
