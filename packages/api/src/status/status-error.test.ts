import { describe, expect, test } from "vitest";
import { Kinds } from "../kinds/index.ts";
import {
  duplicate,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  valueNotFound,
} from "./field-errors.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  forbidden,
  internalError,
  invalid,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNamespaceTerminating,
  isNotFound,
  methodNotAllowed,
  notAcceptable,
  notFound,
  reasonOf,
  requestEntityTooLarge,
  resourceNotFound,
  resourceVersionTooLarge,
  serviceUnavailable,
  statusError,
  StatusError,
  tooManyRequests,
  unauthorized,
  unsupportedMediaType,
} from "./status-error.ts";

const { Service, Deployment } = Kinds;

describe("factories", () => {
  test.each<[StatusError, number, string, string]>([
    [notFound(Service, "x"), 404, "NotFound", 'services "x" not found'],
    [notFound(Deployment, "x"), 404, "NotFound", 'deployments.apps "x" not found'],
    [resourceNotFound(), 404, "NotFound", "the server could not find the requested resource"],
    [alreadyExists(Service, "x"), 409, "AlreadyExists", 'services "x" already exists'],
    [
      conflict(Service, "x"),
      409,
      "Conflict",
      'Operation cannot be fulfilled on services "x": the object has been modified; please apply ' +
        "your changes to the latest version and try again",
    ],
    [badRequest("no"), 400, "BadRequest", "no"],
    [unauthorized(), 401, "Unauthorized", "Unauthorized"],
    [forbidden(Service, "x", "no"), 403, "Forbidden", 'services "x" is forbidden: no'],
    [
      methodNotAllowed(),
      405,
      "MethodNotAllowed",
      "the server does not allow this method on the requested resource",
    ],
    [
      notAcceptable(["application/json"]),
      406,
      "NotAcceptable",
      "only the following media types are accepted: application/json",
    ],
    [
      unsupportedMediaType(["application/json", "application/yaml"]),
      415,
      "UnsupportedMediaType",
      "the body of the request was in an unknown format - accepted media types include: " +
        "application/json, application/yaml",
    ],
    [expired("too old"), 410, "Expired", "too old"],
    [
      requestEntityTooLarge(3145728),
      413,
      "RequestEntityTooLarge",
      "Request entity too large: limit is 3145728",
    ],
    [tooManyRequests("wait", 1), 429, "TooManyRequests", "wait"],
    [internalError("oops"), 500, "InternalError", "oops"],
    [serviceUnavailable("away"), 503, "ServiceUnavailable", "away"],
    [
      resourceVersionTooLarge("9", "5"),
      504,
      "Timeout",
      "Too large resource version: 9, current: 5",
    ],
  ])("%s", (error, code, reason, message) => {
    expect(error).toBeInstanceOf(StatusError);
    expect(error.message).toBe(message);
    expect(error.code).toBe(code);
    expect(error.status).toMatchObject({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      reason,
      message,
      code,
    });
    expect(reasonOf(error)).toBe(reason);
  });

  test("details name the resource, and the group only when there is one", () => {
    expect(notFound(Service, "x").status.details).toEqual({ name: "x", kind: "services" });
    expect(notFound(Deployment, "x").status.details).toEqual({
      name: "x",
      group: "apps",
      kind: "deployments",
    });
    expect(tooManyRequests("wait", 7).status.details?.retryAfterSeconds).toBe(7);
  });

  test("internalError keeps its cause", () => {
    const cause = new Error("disk");
    expect(internalError("oops", { cause }).cause).toBe(cause);
  });
});

describe("invalid", () => {
  test("one cause stands alone", () => {
    const error = invalid(Service, "web", [required("spec.ports")]);
    expect(error.message).toBe('Service "web" is invalid: spec.ports: Required value');
    expect(error.status.details).toEqual({
      name: "web",
      kind: "Service",
      causes: [{ reason: "FieldValueRequired", message: "Required value", field: "spec.ports" }],
    });
  });

  test("several are listed", () => {
    const causes = [required("a", "why"), duplicate("b", 80)];
    expect(invalid(Deployment, "web", causes).message).toBe(
      'Deployment.apps "web" is invalid: [a: Required value: why, b: Duplicate value: 80]',
    );
  });

  test.each([
    [invalidValue("f", ["10.96.0.1"], "taken"), 'Invalid value: []string{"10.96.0.1"}: taken'],
    [invalidValue("f", "foo", "bad"), 'Invalid value: "foo": bad'],
    [invalidValue("f", undefined, "bad"), "Invalid value: null: bad"],
    [
      notSupported("f", "x", ["Local", "Cluster"]),
      'Unsupported value: "x": supported values: "Cluster", "Local"',
    ],
    [forbiddenField("f", "no"), "Forbidden: no"],
    [tooLong("f", 1048576), "Too long: may not be more than 1048576 bytes"],
    [tooMany("f", 9, 8), "Too many: 9: must have at most 8 items"],
    [valueNotFound("f", "data"), 'Not found: "data"'],
  ])("%o", (cause, message) => expect(cause.message).toBe(message));
});

test("predicates look at the reason alone", () => {
  const table: [(error: unknown) => boolean, StatusError][] = [
    [isNotFound, notFound(Service, "x")],
    [isAlreadyExists, alreadyExists(Service, "x")],
    [isConflict, conflict(Service, "x")],
    [isInvalid, invalid(Service, "x", [])],
    [isExpired, expired("old")],
    [isExpired, statusError(410, "Gone", "old")],
    [isForbidden, forbidden(Service, "x", "no")],
  ];
  for (const [predicate, error] of table) {
    expect(predicate(error)).toBe(true);
    expect(predicate(badRequest("other"))).toBe(false);
    expect(predicate(new Error("no status"))).toBe(false);
    expect(predicate(undefined)).toBe(false);
  }
});

test("isNamespaceTerminating finds the cause", () => {
  const causes = [{ reason: "NamespaceTerminating" as const, message: "going" }];
  expect(isNamespaceTerminating(statusError(403, "Forbidden", "no", { causes }))).toBe(true);
  expect(isNamespaceTerminating(statusError(403, "Forbidden", "no"))).toBe(false);
  expect(isNamespaceTerminating(new Error("no"))).toBe(false);
});

test("a status without message still says something", () => {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    code: 500,
  } as const;
  expect(new StatusError(status).message).toBe("unknown error (500)");
});
