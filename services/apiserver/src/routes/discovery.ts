import { resourceNotFound } from "@kubehop/api";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createHash } from "node:crypto";
import { derivedFrom, type KindTable } from "../custom-resources/kind-table.ts";
import { parseAccept } from "../http/accept.ts";
import { REVIEWS } from "./review-kinds.ts";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type GroupVersion,
  groupVersionsOf,
} from "./discovery-documents.ts";

const AGGREGATED = "APIGroupDiscoveryList";

/** Paths named by GET /. */
const ROOT_PATHS = [
  "/api",
  "/apis",
  "/healthz",
  "/livez",
  "/metrics",
  "/openapi/v2",
  "/openapi/v3",
  "/readyz",
];

/**
 * Discovery: what kinds there are, in the old form (one document a group version) and in the
 * aggregated one that kubectl asks for (apidiscovery.k8s.io, KEP-3352). `address` is where
 * clients reach this server, `ip:port`.
 */
export function addDiscoveryRoutes(app: FastifyInstance, kinds: KindTable, address: string): void {
  const groupVersions = derivedFrom(kinds, (all) => groupVersionsOf([...all, ...REVIEWS]));
  const core = (): GroupVersion[] => groupVersions().filter(({ group }) => group === "");
  const others = (): GroupVersion[] => groupVersions().filter(({ group }) => group !== "");
  const resourceList = (group: string, version: string): object => {
    const found = groupVersions().find((one) => one.group === group && one.version === version);
    if (found === undefined) throw resourceNotFound();
    return apiResourceList(found);
  };

  app.get("/", () => ({ paths: [...ROOT_PATHS, "/version"] }));
  app.get("/api", (request, reply) =>
    sendDiscovery(request, reply, {
      legacy: () => apiVersions(address),
      aggregated: (version) => aggregatedDiscovery(core(), version),
    }),
  );
  app.get("/apis", (request, reply) =>
    sendDiscovery(request, reply, {
      legacy: () => apiGroupList(others()),
      aggregated: (version) => aggregatedDiscovery(others(), version),
    }),
  );
  app.get<{ Params: { group: string } }>("/apis/:group", ({ params }) => {
    const group = apiGroup(others(), params.group);
    if (group === undefined) throw resourceNotFound();
    return group;
  });
  app.get<{ Params: GroupVersionPath }>("/api/:version", ({ params }) =>
    resourceList("", params.version),
  );
  app.get<{ Params: GroupVersionPath }>("/apis/:group/:version", ({ params }) =>
    resourceList(params.group ?? "", params.version),
  );
}

interface GroupVersionPath {
  readonly group?: string;
  readonly version: string;
}

interface DiscoveryDocuments {
  legacy(): object;
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
    return reply.send(documents.legacy());
  }
  const body = JSON.stringify(documents.aggregated(accepted.version));
  const etag = `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"`;
  void reply.header("etag", etag).header("cache-control", "public");
  if (request.headers["if-none-match"] === etag) return reply.code(304).send();
  const type = `application/json;g=apidiscovery.k8s.io;v=${accepted.version};as=${AGGREGATED}`;
  return reply.header("content-type", type).serializer(String).send(body);
}
