import { loadKubeconfig } from "@kubehop/client";
import {
  type ApiServerProcess,
  type NatsServer,
  startApiServer,
  startNats,
} from "@kubehop/testkit";
import { Pool } from "undici";

/** An answer; its body is parsed JSON, looked into freely. */
export interface Answer {
  readonly status: number;
  /** Warnings, which tell of an answer that may be stale. */
  readonly warnings: readonly string[];
  readonly body: any; // oxlint-disable-line typescript/no-explicit-any
}

/** A request to either server. */
export interface ClusterRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Two API servers as processes of their own over one nats-server. */
export interface Cluster extends AsyncDisposable {
  readonly nats: NatsServer;
  readonly servers: readonly ApiServerProcess[];
  /** Asks one of the servers; rejects when no answer came. */
  send(server: number, request: ClusterRequest): Promise<Answer>;
  /** The lines of a watch as they come. Ends, or throws, with the stream or the signal. */
  watch(server: number, path: string, signal: AbortSignal): AsyncIterable<any>; // oxlint-disable-line typescript/no-explicit-any
}

/** Longer than a server lets a write wait. */
const ANSWER_DEADLINE_MS = 20_000;

/** Starts nats-server and both API servers. */
export async function startCluster(): Promise<Cluster> {
  await using parts = new AsyncDisposableStack();
  const nats = parts.use(await startNats());
  const servers = [parts.use(await startApiServer(nats)), parts.use(await startApiServer(nats))];
  const pools = servers.map(({ kubeconfig }) => {
    const { server, ca = "", cert = "", key = "" } = loadKubeconfig(kubeconfig);
    const connect = { ca, cert, key };
    return new Pool(server, { connect, headersTimeout: ANSWER_DEADLINE_MS, bodyTimeout: 0 });
  });
  const poolOf = (server: number): Pool => {
    const pool = pools[server];
    if (pool === undefined) throw new Error(`there is no server ${server}`);
    return pool;
  };
  for (const pool of pools) parts.defer(() => pool.destroy());
  const owned = parts.move();
  return {
    nats,
    servers,
    async send(server, { method, path, body, contentType = "application/json" }) {
      const answer = await poolOf(server).request({
        method,
        path,
        headers: { "content-type": contentType },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const warnings = [answer.headers["warning"] ?? []].flat();
      return { status: answer.statusCode, warnings, body: await answer.body.json() };
    },
    async *watch(server, path, signal) {
      const { statusCode, body } = await poolOf(server).request({ method: "GET", path, signal });
      if (statusCode !== 200) throw new Error(`watch: ${statusCode} ${await body.text()}`);
      let rest = "";
      for await (const chunk of body.setEncoding("utf8")) {
        const lines = (rest + String(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
