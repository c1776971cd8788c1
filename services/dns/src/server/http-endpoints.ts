import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { Logger } from "@kubehop/kit";
import { splitHostPort } from "@kubehop/kit";
import type { HttpEndpoint } from "../plugin.ts";

/** The HTTP ports of the plugins. A reload keeps those it still needs open. */
export interface HttpEndpoints extends AsyncDisposable {
  /** Opens what is new and answers there; rejects, with nothing changed, when that fails. */
  prepare(endpoints: readonly HttpEndpoint[]): Promise<PreparedEndpoints>;
  /** The bound port of an address as it was configured, for port 0. */
  portOf(listen: string): number | undefined;
}

/** Ports that are open; committing puts the new paths in force and closes what is not wanted. */
export interface PreparedEndpoints {
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

interface Port {
  readonly server: Server;
  paths: ReadonlyMap<string, HttpEndpoint>;
}

/** Creates an empty set. */
export function createHttpEndpoints(logger: Logger): HttpEndpoints {
  let open = new Map<string, Port>();
  return {
    async prepare(endpoints) {
      const wanted = groupPaths(endpoints);
      const added = new Map<string, Port>();
      const rollback = async (): Promise<void> => closeAll(added.values());
      try {
        for (const [listen, paths] of wanted) {
          if (!open.has(listen)) added.set(listen, await openPort(listen, paths, logger));
        }
      } catch (error) {
        await rollback();
        throw error;
      }
      return {
        rollback,
        async commit() {
          const next = new Map<string, Port>();
          for (const [listen, paths] of wanted) {
            const port = added.get(listen) ?? open.get(listen);
            if (port === undefined) continue;
            port.paths = paths;
            next.set(listen, port);
          }
          const unwanted = [...open].filter(([listen]) => !next.has(listen));
          open = next;
          await closeAll(unwanted.map(([, port]) => port));
        },
      };
    },
    portOf(listen) {
      const address = open.get(listen)?.server.address();
      return typeof address === "object" && address !== null ? address.port : undefined;
    },
    async [Symbol.asyncDispose]() {
      await closeAll(open.values());
      open = new Map();
    },
  };
}

function groupPaths(
  endpoints: readonly HttpEndpoint[],
): Map<string, ReadonlyMap<string, HttpEndpoint>> {
  const groups = new Map<string, Map<string, HttpEndpoint>>();
  for (const endpoint of endpoints) {
    const paths = groups.get(endpoint.listen) ?? new Map<string, HttpEndpoint>();
    groups.set(endpoint.listen, paths.set(endpoint.path, endpoint));
  }
  return groups;
}

async function openPort(
  listen: string,
  paths: ReadonlyMap<string, HttpEndpoint>,
  logger: Logger,
): Promise<Port> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    answer(port.paths.get(path), response).catch((error: unknown) => {
      logger.error({ err: error, path }, "an HTTP endpoint failed");
      response.destroy();
    });
  });
  const port: Port = { server, paths };
  const { host, port: number } = splitHostPort(listen);
  server.listen(host === "" ? { port: number } : { host, port: number });
  await once(server, "listening");
  server.on("error", (error) => logger.warn({ err: error }, "an HTTP listener reported an error"));
  return port;
}

async function answer(endpoint: HttpEndpoint | undefined, response: ServerResponse): Promise<void> {
  const { status, body, type } = (await endpoint?.answer()) ?? NOT_FOUND;
  response.writeHead(status, { "content-type": type ?? "text/plain; charset=utf-8" });
  response.end(body);
}

const NOT_FOUND = { status: 404, body: "404 page not found\n", type: undefined };

async function closeAll(ports: Iterable<Port>): Promise<void> {
  await Promise.all(
    [...ports].map(async ({ server }) => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    }),
  );
}
