import { apiVersionOf, type Kind, notAcceptable } from "@kubehop/api";
import type { FastifyInstance, FastifyReply } from "fastify";
import { createHash } from "node:crypto";
import { derivedFrom, type KindTable } from "../custom-resources/kind-table.ts";
import { pathsOf } from "../openapi/paths.ts";
import { schemasOf } from "../openapi/schemas.ts";
import { type DocumentV2, documentV2 } from "../openapi/v2.ts";
import { encodeDocumentV2 } from "../openapi/v2-protobuf.ts";
import { type GroupVersion, groupVersionsOf } from "./discovery-documents.ts";
import { REVIEWS } from "./review-kinds.ts";

interface Document {
  /** Path below /openapi/v3: `api/v1`, `apis/apps/v1`. */
  readonly path: string;
  readonly body: string;
  readonly hash: string;
}

/** What client-go asks for; the answer's type has a point for the `@`, as upstream's. */
const PROTOBUF = /^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf$/;
const PROTOBUF_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const JSON_TYPES = new Set(["application/json", "application/*", "*/*"]);

/**
 * OpenAPI v3, one document a group version, and v2, one for all. The paths tell kubectl that the
 * server validates fields itself; the schemas are those of the kinds, for `kubectl explain`.
 */
export function addOpenApiRoutes(
  app: FastifyInstance,
  kinds: KindTable,
  serverVersion: string,
): void {
  addVersion3(app, kinds, serverVersion);
  const version2 = derivedFrom(kinds, (all) => formsOf([...all, ...REVIEWS], serverVersion));
  app.get("/openapi/v2", (request, reply) => {
    const form = acceptedForm(request.headers.accept);
    const { body, hash } = version2()[form]();
    void reply.header("vary", "Accept").header("etag", `"${hash}"`);
    if (request.headers["if-none-match"] === `"${hash}"`) return reply.code(304).send();
    return reply.type(form === "json" ? "application/json" : PROTOBUF_TYPE).send(body);
  });
}

function addVersion3(app: FastifyInstance, kinds: KindTable, serverVersion: string): void {
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
      return sendDocument(reply, document, request.query.hash);
    },
  );
}

function sendDocument(
  reply: FastifyReply,
  { path, body, hash: known }: Document,
  hash: string | undefined,
): FastifyReply {
  if (hash !== undefined && hash !== known) {
    return reply.redirect(`/openapi/v3/${path}?hash=${known}`, 301);
  }
  void reply.header("etag", `"${known}"`);
  if (hash !== undefined) void reply.header("cache-control", "public, immutable");
  return reply.type("application/json").serializer(String).send(body);
}

function buildDocument(groupVersion: GroupVersion, serverVersion: string): Document {
  const { group, version, kinds } = groupVersion;
  const path = group === "" ? `api/${version}` : `apis/${apiVersionOf(groupVersion)}`;
  const body = JSON.stringify({
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: serverVersion },
    paths: pathsOf(kinds),
    components: { schemas: schemasOf(kinds) },
  });
  return { path, body, hash: hashOf(body) };
}

interface Form {
  readonly body: Buffer;
  readonly hash: string;
}

/** Both forms of the v2 document, made when they are asked for: seldom, and by few clients. */
function formsOf(
  kinds: readonly Kind[],
  serverVersion: string,
): Readonly<Record<"json" | "protobuf", () => Form>> {
  let document: DocumentV2 | undefined;
  const once = (encode: (from: DocumentV2) => Buffer): (() => Form) => {
    let form: Form | undefined;
    return () => {
      document ??= documentV2(kinds, serverVersion);
      if (form === undefined) {
        const body = encode(document);
        form = { body, hash: hashOf(body) };
      }
      return form;
    };
  };
  return {
    json: once((from) => Buffer.from(JSON.stringify(from))),
    protobuf: once(encodeDocumentV2),
  };
}

function acceptedForm(header = "*/*"): "json" | "protobuf" {
  for (const range of header.split(",")) {
    const type = (range.split(";")[0] ?? "").trim().toLowerCase();
    if (PROTOBUF.test(type)) return "protobuf";
    if (JSON_TYPES.has(type)) return "json";
  }
  throw notAcceptable(["application/json", PROTOBUF_TYPE]);
}

function hashOf(body: string | Buffer): string {
  return createHash("sha256").update(body).digest("hex").toUpperCase();
}
