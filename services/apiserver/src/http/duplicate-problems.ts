import { mediaTypeOf, readYaml } from "./body.ts";
import { duplicateFields } from "./duplicate-fields.ts";

/**
 * What strict decoding says of keys that come twice in a body: `duplicate field "spec.a"` for JSON,
 * one text with all lines for YAML (texts: sigs.k8s.io/json and sigs.k8s.io/yaml). The body must
 * have been decoded before.
 */
export function duplicateProblems(contentType: string | undefined, body: Buffer): string[] {
  switch (mediaTypeOf(contentType)) {
    case "application/yaml":
    case "text/yaml":
      return yamlProblems(readYaml(body).duplicates);
    case "application/json":
      return jsonProblems(body);
    default:
      return [];
  }
}

/** The same for a body that is JSON whatever its media type says. */
export function jsonProblems(body: Buffer): string[] {
  return duplicateFields(String(body)).map((path) => `duplicate field ${JSON.stringify(path)}`);
}

/** The text for keys that come twice in YAML; none when there is none. */
export function yamlProblems(duplicates: readonly string[]): string[] {
  if (duplicates.length === 0) return [];
  return [["yaml: unmarshal errors:", ...duplicates].join("\n  ")];
}
