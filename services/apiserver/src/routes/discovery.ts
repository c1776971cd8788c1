import { Kinds, type Kind, resourceNotFound } from "@kubehop/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createHash } from "node:crypto";
import { parseAccept } from "../http/accept.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupVersionsOf,
} from "./discovery-documents.ts";

const AGGREGATED = "APIGroupDiscoveryList";

/** Paths named by GET /. */
const ROOT_PATHS = ["/api", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v3", "/readyz"];

/**
 * Discovery: what kinds there are, in the old form (one document a group version) and in the
 * aggregated one that kubectl asks for (apidiscovery.k8s.io, KEP-3352). `address` is where
 * clients reach this server, `ip:port`.
 */
export function addDiscoveryRoutes(app: FastifyInstance, address: string): void {
  const groupVersions = groupVersionsOf(Object.values(Kinds) as readonly Kind[]);
  const core = groupVersions.filter(({ group }) => group === "");
  const others = groupVersions.filter(({ group }) => group !== "");

  app.get("/", () => ({ paths: [...ROOT_PATHS, "/version"] }));
  app.get("/api", (request, reply) =>
    sendDiscovery(request, reply, {
      legacy: apiVersions(address),
      aggregated: (version) => aggregatedDiscovery(core, version),
    }),
  );
  app.get("/apis", (request, reply) =>
    sendDiscovery(request, reply, {
      legacy: apiGroupList(others),
      aggregated: (version) => aggregatedDiscovery(others, version),
    }),
  );
  app.get<{ Params: { group: string } }>("/apis/:group", ({ params }) => {
    const group = apiGroup(others, params.group);
    if (group === undefined) throw resourceNotFound();
    return group;
  });
  for (const one of groupVersions) {
    const path = one.group === "" ? `/api/${one.version}` : `/apis/${one.group}/${one.version}`;
    const document = apiResourceList(one);
    app.get(path, () => document);
  }
}

interface DiscoveryDocuments {
  readonly legacy: object;
  aggregated(version: string): object;
}

function sendDiscovery(
  request: FastifyRequest,
  reply: FastifyReply,
  documents: DiscoveryDocuments,
): FastifyReply {
  const accepted = parseAccept(request.headers.accept, [AGGREGATED]);
  void reply.header("vary", "Accept");
  if (accepted.as === undefined || accepted.version === undefined) {
    return reply.send(documents.legacy);
  }
  const body = JSON.stringify(documents.aggregated(accepted.version));
  const etag = `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"`;
  void reply.header("etag", etag).header("cache-control", "public");
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  const type = `application/json;g=apidiscovery.k8s.io;v=${accepted.version};as=${AGGREGATED}`;
  return reply.header("content-type", type).serializer(String).send(body);
}
