import {
  badRequest,
  internalError,
  requestEntityTooLarge,
  resourceNotFound,
  StatusError,
} from "@kubehop/api";
import type { Logger } from "@kubehop/kit";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { BODY_LIMIT } from "./body-limits.ts";

/** Answers every error with a Status, and unknown paths with 404. */
export function addErrorHandlers(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error: Error, request, reply) => {
    const { status, code } = toStatusError(error);
    if (code >= 500) logger.warn({ err: error, url: request.url, code }, "request failed");
    const retryAfter = status.details?.retryAfterSeconds;
    if (retryAfter !== undefined) void reply.header("retry-after", retryAfter);
    return reply.code(code).type("application/json").send(status);
  });
  app.setNotFoundHandler((request, reply) => {
    if (/^\/apis?\//.test(request.url)) throw resourceNotFound();
    return reply.code(404).type("text/plain; charset=utf-8").send("404 page not found\n");
  });
}

/** Answers what never gets to a route: a URL that is wrongly escaped. */
export function answerFrameworkError(
  error: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, code } = toStatusError(error);
  void reply.code(code).type("application/json").send(status);
}

/** The Status for any error: bugs are 500, what Fastify refuses is the client's fault. */
export function toStatusError(error: Error): StatusError {
  if (error instanceof StatusError) return error;
  const { code, statusCode } = error as FastifyError;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return requestEntityTooLarge(BODY_LIMIT);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return badRequest(error.message);
  }
  return internalError(`Internal error occurred: ${error.message}`, { cause: error });
}
