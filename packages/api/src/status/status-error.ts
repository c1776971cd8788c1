import type { Kind } from "../kinds/kind.ts";
import type { Status, StatusCause, StatusDetails, StatusReason } from "./reasons.ts";

/** A failed request, in Kubernetes' form; `status` goes over the wire as it is. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: Status;
  /** HTTP status code. */
  readonly code: number;

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? `${status.reason ?? "unknown error"} (${status.code})`, options);
    this.status = status;
    this.code = status.code;
  }
}

/** The part of a kind that error texts need. */
export type KindName = Pick<Kind, "group" | "kind" | "plural">;

/** Makes a failure of any reason; the factories below are its common forms. */
export function statusError(
  code: number,
  reason: StatusReason,
  message: string,
  details?: StatusDetails,
): StatusError {
  return new StatusError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(details !== undefined && { details }),
    code,
  });
}

/** 404: no object of that name. */
export function notFound(kind: KindName, name: string): StatusError {
  return statusError(404, "NotFound", `${quote(kind, name)} not found`, about(kind, name));
}

/** 404: no such path or resource. */
export function resourceNotFound(): StatusError {
  const message = "the server could not find the requested resource";
  return statusError(404, "NotFound", message, {});
}

/** 409: an object of that name is there. */
export function alreadyExists(kind: KindName, name: string): StatusError {
  const message = `${quote(kind, name)} already exists`;
  return statusError(409, "AlreadyExists", message, about(kind, name));
}

const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

/** 409: the write was based on an older version (or `why`). */
export function conflict(kind: KindName, name: string, why: string = MODIFIED): StatusError {
  const message = `Operation cannot be fulfilled on ${quote(kind, name)}: ${why}`;
  return statusError(409, "Conflict", message, about(kind, name));
}

/** 422: the object breaks rules; one cause for each broken rule. */
export function invalid(
  kind: Pick<Kind, "group" | "kind">,
  name: string,
  causes: readonly StatusCause[],
): StatusError {
  const texts = causes.map(({ field, message }) => `${field}: ${message}`);
  const text = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const qualified = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const message = `${qualified} ${JSON.stringify(name)} is invalid: ${text}`;
  return statusError(422, "Invalid", message, {
    name,
    ...(kind.group !== "" && { group: kind.group }),
    kind: kind.kind,
    causes: [...causes],
  });
}

/** 400: the request cannot be understood. */
export function badRequest(message: string): StatusError {
  return statusError(400, "BadRequest", message);
}

/** 401: who are you? */
export function unauthorized(message = "Unauthorized"): StatusError {
  return statusError(401, "Unauthorized", message);
}

/** 403: `services "x" is forbidden: <why>`. */
export function forbidden(kind: KindName, name: string, why: string): StatusError {
  const message = `${quote(kind, name)} is forbidden: ${why}`;
  return statusError(403, "Forbidden", message, about(kind, name));
}

/** 405: the resource has no such verb. */
export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return statusError(405, "MethodNotAllowed", message, {});
}

/** 406: none of the media types the client accepts can be served. */
export function notAcceptable(offered: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${offered.join(", ")}`;
  return statusError(406, "NotAcceptable", message);
}

/** 415: the body's media type is not understood. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message =
    "the body of the request was in an unknown format - accepted media types include: " +
    accepted.join(", ");
  return statusError(415, "UnsupportedMediaType", message);
}

/** 410: the resourceVersion or continue token is too old; list again. */
export function expired(message: string): StatusError {
  return statusError(410, "Expired", message);
}

/** 413: the body has more than `limit` bytes. */
export function requestEntityTooLarge(limit: number): StatusError {
  const message = `Request entity too large: limit is ${limit}`;
  return statusError(413, "RequestEntityTooLarge", message);
}

/** 429: try again after some seconds. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return statusError(429, "TooManyRequests", message, { retryAfterSeconds });
}

/** 500: the server's own fault. */
export function internalError(message: string, options?: ErrorOptions): StatusError {
  const { status } = statusError(500, "InternalError", message);
  return new StatusError(status, options);
}

/** 503: something the server needs is away. */
export function serviceUnavailable(message: string): StatusError {
  return statusError(503, "ServiceUnavailable", message);
}

/** 504: the client asks for a version the server has not seen yet. */
export function resourceVersionTooLarge(asked: string, current: string): StatusError {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  const causes: StatusCause[] = [
    { reason: "ResourceVersionTooLarge", message: "Too large resource version" },
  ];
  return statusError(504, "Timeout", message, { causes, retryAfterSeconds: 1 });
}

/** The reason of a StatusError; undefined for any other value. */
export function reasonOf(error: unknown): StatusReason | undefined {
  return error instanceof StatusError ? error.status.reason : undefined;
}

/** 404. */
export function isNotFound(error: unknown): boolean {
  return reasonOf(error) === "NotFound";
}

/** 409 because the name is taken. */
export function isAlreadyExists(error: unknown): boolean {
  return reasonOf(error) === "AlreadyExists";
}

/** 409 because the object changed meanwhile. */
export function isConflict(error: unknown): boolean {
  return reasonOf(error) === "Conflict";
}

/** 422. */
export function isInvalid(error: unknown): boolean {
  return reasonOf(error) === "Invalid";
}

/** 410: the version is too old, list again. */
export function isExpired(error: unknown): boolean {
  const reason = reasonOf(error);
  return reason === "Expired" || reason === "Gone";
}

/** 403. */
export function isForbidden(error: unknown): boolean {
  return reasonOf(error) === "Forbidden";
}

/** The namespace is going away: creating in it will never work. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  const causes = error.status.details?.causes ?? [];
  return causes.some((cause) => cause.reason === "NamespaceTerminating");
}

function quote(kind: KindName, name: string): string {
  const resource = kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
  return `${resource} ${JSON.stringify(name)}`;
}

function about(kind: KindName, name: string): StatusDetails {
  return { name, ...(kind.group !== "" && { group: kind.group }), kind: kind.plural };
}
