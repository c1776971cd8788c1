import { badRequest, requestEntityTooLarge, unsupportedMediaType } from "@kubehop/api";
import { decodeProtobuf } from "../protobuf/decode.ts";
import { checkShape, tooDeep, YAML_LIMIT } from "./body-limits.ts";
import { duplicateKeys } from "./duplicate-fields.ts";
import { parseYaml, type YamlText } from "./yaml.ts";

/** What Kubernetes clients written in Go send by default. */
export const PROTOBUF = "application/vnd.kubernetes.protobuf";

const ACCEPTED = ["application/json", "application/yaml", PROTOBUF];

/** Media type of a configuration to apply; it may be YAML or JSON. */
export const APPLY_TYPE = "application/apply-patch+yaml";

/** The media type of a Content-Type header, without parameters; JSON when it is absent. */
export function mediaTypeOf(contentType: string | undefined): string {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  return type === undefined || type === "" ? "application/json" : type;
}

/**
 * The value in a request's body. Throws 415 for an unknown media type and 400 for a body that is
 * empty, malformed or nested too deep.
 */
export function decodeBody(contentType: string | undefined, body: Buffer | undefined): unknown {
  switch (mediaTypeOf(contentType)) {
    case "application/json":
      return decodeJson(requireBody(body));
    case "application/yaml":
    case "text/yaml":
      return decodeYaml(requireBody(body));
    case PROTOBUF:
      return decodeProtobuf(requireBody(body), ACCEPTED);
    default:
      throw unsupportedMediaType(ACCEPTED);
  }
}

/** The value of a JSON body; throws 400 as decodeBody does. */
export function decodeJson(body: Buffer): unknown {
  checkShape(body, true);
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`the request body is not valid JSON: ${(error as Error).message}`);
  }
}

/** The value of a body that is YAML or JSON; throws 400 as decodeBody does. */
export function decodeYaml(body: Buffer): unknown {
  return readYaml(body).value;
}

/**
 * The value of a body that is YAML, and what a strict reader says of keys that come twice
 * (`line 3: key "a" already set in map`). Throws 400 as decodeBody does.
 */
export function readYaml(body: Buffer): YamlText {
  if (body.length > YAML_LIMIT) throw requestEntityTooLarge(YAML_LIMIT);
  checkShape(body, false);
  const text = body.toString();
  if (NESTED_LINE.test(text)) throw tooDeep();
  try {
    return parseYaml(text);
  } catch (error) {
    throw badRequest(`the request body is not valid YAML: ${(error as Error).message}`);
  }
}

/**
 * The value of a configuration to apply, and the keys that come twice in it. kubectl sends JSON,
 * which is read as such: YAML takes a hundred times as long.
 */
export function readConfiguration(body: Buffer): YamlText {
  const isJson = body.toString("latin1", 0, 1) === "{";
  checkShape(body, isJson);
  const text = body.toString();
  const value = isJson ? parseJson(text) : undefined;
  if (value === undefined) return readYaml(body);
  const duplicates = duplicateKeys(text).map(
    ({ key, line }) => `line ${line}: key ${JSON.stringify(key)} already set in map`,
  );
  return { value, duplicates };
}

/** Undefined for what is no JSON: it may be YAML that begins as JSON does. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Block collections opened on one line: the parser's time grows with the square of their depth. */
const NESTED_LINE = /(?:[-?:][ \t]+){100}/;

/** The body, which must not be empty; throws 400. */
export function requireBody(body: Buffer | undefined): Buffer {
  if (body === undefined || body.length === 0) throw badRequest("the request has no body");
  return body;
}
