import {
  decodeObject,
  type Decodable,
  type Kind,
  type KubeObject,
  strictDecodingError,
} from "@kubehop/api";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { UserInfo } from "../auth/user.ts";
import { parseAccept } from "../http/accept.ts";
import { TRANSFORMATIONS, type View } from "../http/answer.ts";
import { decodeBody } from "../http/body.ts";
import { isTrue, type ResourceRequest } from "../http/request-info.ts";
import type { FieldValidation } from "../http/write-options.ts";
import type { Target } from "../resources/target.ts";
import type { IncludeObject } from "../table/table.ts";

/** One request to a resource on its way through the handlers. */
export interface Call {
  readonly resource: ResourceRequest;
  readonly kind: Kind;
  readonly target: Target;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Unix time in ms when it came. */
  readonly now: number;
}

/** User agents of people who read the answer themselves (upstream indents for them, too). */
const HUMAN_AGENTS = /^(?:curl|Wget)\//;

/** How the client of a call wants to see objects; throws 406. */
export function viewOf({ request, query, now }: Call): View {
  const pretty = query.get("pretty");
  return {
    accepted: parseAccept(request.headers.accept, TRANSFORMATIONS),
    includeObject: includeObjectOf(query),
    pretty: pretty === null ? HUMAN_AGENTS.test(agentOf(request)) : isTrue(pretty),
    now,
  };
}

/** The raw bytes of a call's body. */
export function bodyOf({ request }: Call): Buffer | undefined {
  return request.body instanceof Buffer ? request.body : undefined;
}

/** The object in a call's body; throws 400 or 415. */
export function objectOf<T extends KubeObject>(
  call: Call,
  kind: Decodable<T>,
  fieldValidation: FieldValidation,
): T {
  const value = decodeBody(call.request.headers["content-type"], bodyOf(call));
  return decodeChecked(call.reply, { kind, value, fieldValidation });
}

/** Decodes a value; unknown fields are refused (Strict), told in Warning headers, or ignored. */
export function decodeChecked<T extends KubeObject>(
  reply: FastifyReply,
  input: {
    readonly kind: Decodable<T>;
    readonly value: unknown;
    readonly fieldValidation: FieldValidation;
  },
): T {
  const { kind, value, fieldValidation } = input;
  const { object, unknown } = decodeObject(kind, value);
  if (unknown.length === 0 || fieldValidation === "Ignore") return object;
  if (fieldValidation === "Strict") throw strictDecodingError(kind, unknown);
  addWarnings(
    reply,
    unknown.map((field) => `unknown field ${JSON.stringify(field)}`),
  );
  return object;
}

/** Adds Warning headers, which kubectl prints. */
export function addWarnings(reply: FastifyReply, texts: readonly string[]): void {
  if (texts.length === 0) return;
  const known = reply.getHeader("warning") ?? [];
  const added = texts.map((text) => `299 - ${JSON.stringify(text)}`);
  void reply.header("warning", [...[known].flat().map(String), ...added]);
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const text = query.get("includeObject");
  return text === "None" || text === "Object" ? text : "Metadata";
}

function agentOf(request: FastifyRequest): string {
  return request.headers["user-agent"] ?? "";
}
