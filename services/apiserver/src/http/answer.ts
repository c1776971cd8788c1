import { apiVersionOf, type Kind } from "@kubehop/api";
import type { FastifyReply } from "fastify";
import { stringify as stringifyYaml } from "yaml";
import { customTraits } from "../custom-resources/custom-kind.ts";
import type { Page } from "../resources/read.ts";
import { type Entry, entryItemParts, entryJson } from "../storage/entry.ts";
import { buildTable, type IncludeObject, partialObjectMetadata } from "../table/table.ts";
import type { Accepted } from "./accept.ts";
import { servedEntry } from "./served.ts";

/** How a client wants to see objects. */
export interface View {
  readonly accepted: Accepted;
  readonly includeObject: IncludeObject;
  /** Indented for human readers. */
  readonly pretty: boolean;
  /** Unix time in ms that ages in tables are counted to. */
  readonly now: number;
}

/** Transformations that objects and lists can be had in. */
export const TRANSFORMATIONS: readonly string[] = [
  "Table",
  "PartialObjectMetadata",
  "PartialObjectMetadataList",
];

const COMMA = Buffer.from(",");
const LIST_END = Buffer.from("]}\n");

/** Answers with one object. */
export function sendEntry(reply: FastifyReply, kind: Kind, entry: Entry, view: View): FastifyReply {
  const { as, version = "v1" } = view.accepted;
  switch (as) {
    case undefined:
      return sendJson(reply, entryJson(servedEntry(kind, entry)), view);
    case "Table": {
      const { resourceVersion } = entry.object.metadata;
      const { now, includeObject } = view;
      const metadata = { ...(resourceVersion !== undefined && { resourceVersion }) };
      const options = { version, now, includeObject, metadata };
      return sendJson(reply, JSON.stringify(buildTable(kind, [entry.object], options)), view);
    }
    default:
      return sendJson(reply, JSON.stringify(partialObjectMetadata(entry.object, version)), view);
  }
}

/** Answers with a page of a list. */
export function sendPage(reply: FastifyReply, kind: Kind, page: Page, view: View): FastifyReply {
  const { accepted, now, includeObject } = view;
  const { as, version = "v1" } = accepted;
  const metadata = listMetadata(page);
  if (as === undefined) return sendJson(reply, listJson(kind, page), view);
  const objects = page.entries.map(({ object }) => object);
  if (as === "Table") {
    const options = { version, now, includeObject, metadata };
    return sendJson(reply, JSON.stringify(buildTable(kind, objects, options)), view);
  }
  const items = objects.map((object) => partialObjectMetadata(object, version));
  const list = {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items,
  };
  return sendJson(reply, JSON.stringify(list), view);
}

/** Answers with JSON text, or with the same as indented JSON or YAML when the client wants it. */
export function sendJson(reply: FastifyReply, json: Buffer | string, view: View): FastifyReply {
  if (view.accepted.format === "yaml") {
    return reply.type("application/yaml").send(stringifyYaml(JSON.parse(json.toString())));
  }
  const body = view.pretty ? `${JSON.stringify(JSON.parse(json.toString()), null, 2)}\n` : json;
  return reply.header("content-type", "application/json").send(Buffer.from(body));
}

function listMetadata({ revision, continueToken, remaining }: Page): Record<string, unknown> {
  return {
    resourceVersion: String(revision),
    ...(continueToken !== undefined && { continue: continueToken }),
    ...(remaining !== undefined && { remainingItemCount: remaining }),
  };
}

/** The list as bytes, put together from the stored ones. */
function listJson(kind: Kind, page: Page): Buffer {
  const head = JSON.stringify({
    kind: customTraits(kind)?.listKind ?? `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: listMetadata(page),
  });
  const parts: Buffer[] = [Buffer.from(`${head.slice(0, -1)},"items":[`)];
  page.entries.forEach((entry, index) => {
    if (index > 0) parts.push(COMMA);
    parts.push(...entryItemParts(servedEntry(kind, entry)));
  });
  parts.push(LIST_END);
  return Buffer.concat(parts);
}
