import { apiVersionOf, type Kind } from "@kubehop/api";
import type { FastifyInstance } from "fastify";
import { createHash } from "node:crypto";
import { derivedFrom, type KindTable } from "../custom-resources/kind-table.ts";
import { type GroupVersion, groupVersionsOf } from "./discovery-documents.ts";
import { schemaName, schemasOf } from "./openapi-schemas.ts";
import { REVIEWS } from "./review-kinds.ts";

interface Document {
  /** Path below /openapi/v3: `api/v1`, `apis/apps/v1`. */
  readonly path: string;
  readonly body: string;
  readonly hash: string;
}

/**
 * OpenAPI v3, one document a group version. The paths hold what kubectl needs to know that the
 * server validates fields itself; the schemas are those of the kinds, for `kubectl explain`.
 */
export function addOpenApiRoutes(
  app: FastifyInstance,
  kinds: KindTable,
  serverVersion: string,
): void {
  const documents = derivedFrom(kinds, (all) =>
    groupVersionsOf([...all, ...REVIEWS]).map((one) => buildDocument(one, serverVersion)),
  );
  app.get("/openapi/v3", () => ({
    paths: Object.fromEntries(
      documents().map(({ path, hash }) => [
        path,
        { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
      ]),
    ),
  }));
  app.get<{ Params: { "*": string }; Querystring: { hash?: string } }>(
    "/openapi/v3/*",
    (request, reply) => {
      const document = documents().find(({ path }) => path === request.params["*"]);
      if (document === undefined) return reply.callNotFound();
      const { hash } = request.query;
      if (hash !== undefined && hash !== document.hash) {
        return reply.redirect(`/openapi/v3/${document.path}?hash=${document.hash}`, 301);
      }
      void reply.header("etag", `"${document.hash}"`);
      if (hash !== undefined) void reply.header("cache-control", "public, immutable");
      return reply.type("application/json").serializer(String).send(document.body);
    },
  );
}

function buildDocument(groupVersion: GroupVersion, serverVersion: string): Document {
  const { group, version, kinds } = groupVersion;
  const path = group === "" ? `api/${version}` : `apis/${apiVersionOf(groupVersion)}`;
  const body = JSON.stringify({
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: serverVersion },
    paths: Object.fromEntries(kinds.map((kind) => [objectPath(path, kind), pathItem(kind)])),
    components: { schemas: schemasOf(kinds) },
  });
  return { path, body, hash: createHash("sha256").update(body).digest("hex").toUpperCase() };
}

function objectPath(root: string, kind: Kind): string {
  const scope = kind.namespaced ? "namespaces/{namespace}/" : "";
  return `/${root}/${scope}${kind.plural}/{name}`;
}

function pathItem(kind: Kind): object {
  const gvk = gvkOf(kind);
  const schema = { $ref: `#/components/schemas/${schemaName(kind)}` };
  const ok = { description: "OK", content: { "application/json": { schema } } };
  return {
    get: {
      "x-kubernetes-action": "get",
      "x-kubernetes-group-version-kind": gvk,
      responses: { 200: ok },
    },
    patch: {
      "x-kubernetes-action": "patch",
      "x-kubernetes-group-version-kind": gvk,
      parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
      responses: { 200: ok },
    },
  };
}

function gvkOf({ group, version, kind }: Kind): object {
  return { group, version, kind };
}
