import {
  decodeObject,
  type Decodable,
  type Kind,
  type KubeObject,
  strictDecodingError,
} from "@kubehop/api";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage } from "node:http";
import type { UserInfo } from "../auth/user.ts";
import { parseAccept } from "../http/accept.ts";
import { TRANSFORMATIONS, type View } from "../http/answer.ts";
import { decodeBody, mediaTypeOf, PROTOBUF, requireBody } from "../http/body.ts";
import { duplicateProblems } from "../http/duplicate-problems.ts";
import { isTrue, type ResourceRequest } from "../http/request-info.ts";
import { addWarnings } from "../http/warnings.ts";
import { type FieldValidation, managerOfAgent, type WriteOptions } from "../http/write-options.ts";
import type { Writer } from "../resources/field-ownership.ts";
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
  /**
   * Throws 403 when the user may not write such an object; absent for kinds whose content gives
   * nobody any right. `old` is absent for a create.
   */
  readonly admit?: (object: KubeObject, old?: KubeObject) => void;
  /** Throws 403 unless the user may create what the call names: a PUT or an apply may do that. */
  authorizeCreate(): void;
  /** Unix time in ms when it came. */
  readonly now: number;
}

/** The part of a request that says how to answer it. */
type WithHeaders = Pick<IncomingMessage, "headers">;

/** User agents of people who read the answer themselves (upstream indents for them, too). */
const HUMAN_AGENTS = /^(?:curl|Wget)\//;

/** How the client of a call wants to see objects; throws 406. */
export function viewOf({
  request,
  query,
  now,
}: Pick<Call, "query" | "now"> & { readonly request: WithHeaders }): View {
  const pretty = query.get("pretty");
  return {
    accepted: parseAccept(request.headers.accept, TRANSFORMATIONS),
    includeObject: includeObjectOf(query),
    pretty: pretty === null ? HUMAN_AGENTS.test(agentOf(request)) : isTrue(pretty),
    now,
  };
}

/** The raw bytes of a call's body. */
export function bodyOf({ request }: Pick<Call, "request">): Buffer | undefined {
  return request.body instanceof Buffer ? request.body : undefined;
}

/** The object in a call's body; throws 400 or 415. */
export function objectOf<T extends KubeObject>(
  call: Pick<Call, "request" | "reply">,
  kind: Decodable<T>,
  fieldValidation: FieldValidation,
): T {
  const contentType = call.request.headers["content-type"];
  const body = requireBody(bodyOf(call));
  const value = decodeBody(contentType, body);
  // In protobuf fields have numbers: nobody can misspell one.
  if (fieldValidation === "Ignore" || mediaTypeOf(contentType) === PROTOBUF)
    return decodeObject(kind, value).object;
  const problems = duplicateProblems(contentType, body);
  return decodeChecked(call.reply, { kind, value, fieldValidation, problems });
}

/** Who writes: the request's fieldManager, else the User-Agent up to the first slash. */
export function writerOf(
  { request, resource }: Pick<Call, "request" | "resource">,
  { fieldManager }: WriteOptions,
): Writer {
  const { subresource } = resource;
  const manager = fieldManager === "" ? managerOfAgent(agentOf(request)) : fieldManager;
  return { manager, ...(subresource !== undefined && { subresource }) };
}

/** Decodes a value; what strict decoding refuses is refused (Strict), warned of, or ignored. */
export function decodeChecked<T extends KubeObject>(
  reply: FastifyReply,
  input: {
    readonly kind: Decodable<T>;
    readonly value: unknown;
    readonly fieldValidation: FieldValidation;
    /** What was wrong with the body already: keys that came twice. */
    readonly problems?: readonly string[];
  },
): T {
  const { kind, value, fieldValidation } = input;
  const { object, unknown } = decodeObject(kind, value);
  const problems = [...(input.problems ?? []), ...unknown.map(unknownField)];
  if (problems.length === 0 || fieldValidation === "Ignore") return object;
  if (fieldValidation === "Strict") throw strictDecodingError(kind, problems);
  addWarnings(reply, problems);
  return object;
}

/** How strict decoding tells of a field that nobody knows. */
export function unknownField(path: string): string {
  return `unknown field ${JSON.stringify(path)}`;
}

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const text = query.get("includeObject");
  return text === "None" || text === "Object" ? text : "Metadata";
}

function agentOf(request: WithHeaders): string {
  return request.headers["user-agent"] ?? "";
}
