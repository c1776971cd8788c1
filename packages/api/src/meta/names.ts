/**
 * Validation of names: each function gives upstream's sentences about what is wrong, none when the
 * value is good (apimachinery/pkg/util/validation).
 */

const LABEL_SOURCE = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_SOURCE = `${LABEL_SOURCE}(\\.${LABEL_SOURCE})*`;
const DNS1035_SOURCE = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_SOURCE = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE_SOURCE = `(${QUALIFIED_SOURCE})?`;
const CONFIG_KEY_SOURCE = "[-._a-zA-Z0-9]+";

const LABEL = whole(LABEL_SOURCE);
const SUBDOMAIN = whole(SUBDOMAIN_SOURCE);
const DNS1035 = whole(DNS1035_SOURCE);
const QUALIFIED = whole(QUALIFIED_SOURCE);
const LABEL_VALUE = whole(LABEL_VALUE_SOURCE);
const CONFIG_KEY = whole(CONFIG_KEY_SOURCE);

/** RFC 1123 label: at most 63 of `a-z0-9-`, no hyphen at an end. */
export function isDNS1123Label(value: string): string[] {
  return [
    ...maxLength(value, 63),
    ...matches(value, LABEL, {
      message:
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or " +
        "'-', and must start and end with an alphanumeric character",
      source: LABEL_SOURCE,
      examples: ["my-name", "123-abc"],
    }),
  ];
}

/** RFC 1123 subdomain: labels joined by dots, at most 253 in all. */
export function isDNS1123Subdomain(value: string): string[] {
  return [
    ...maxLength(value, 253),
    ...matches(value, SUBDOMAIN, {
      message:
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, " +
        "'-' or '.', and must start and end with an alphanumeric character",
      source: SUBDOMAIN_SOURCE,
      examples: ["example.com"],
    }),
  ];
}

/** RFC 1035 label: an RFC 1123 label that starts with a letter. */
export function isDNS1035Label(value: string): string[] {
  return [
    ...maxLength(value, 63),
    ...matches(value, DNS1035, {
      message:
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start " +
        "with an alphabetic character, and end with an alphanumeric character",
      source: DNS1035_SOURCE,
      examples: ["my-name", "abc-123"],
    }),
  ];
}

/** Key of a label or annotation: `[subdomain/]name`. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split("/");
  const [prefix, name] = parts.length === 1 ? [undefined, value] : parts;
  if (parts.length > 2) {
    const message =
      "a qualified name " +
      explained({
        message: QUALIFIED_MESSAGE,
        source: QUALIFIED_SOURCE,
        examples: QUALIFIED_EXAMPLES,
      }) +
      " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    return [message];
  }
  return [...prefixErrors(prefix), ...namePartErrors(name ?? "")];
}

/** Value of a label: empty, or at most 63 of `A-Za-z0-9-_.` between alphanumerics. */
export function isValidLabelValue(value: string): string[] {
  return [
    ...maxLength(value, 63),
    ...matches(value, LABEL_VALUE, {
      message:
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' " +
        "or '.', and must start and end with an alphanumeric character",
      source: LABEL_VALUE_SOURCE,
      examples: ["MyValue", "my_value", "12345"],
    }),
  ];
}

/** IANA service name, as container ports and target ports use it. */
export function isValidPortName(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 15) errors.push("must be no more than 15 characters");
  if (!/^[-a-z0-9]+$/.test(value)) {
    errors.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  }
  if (!/[a-z]/.test(value)) errors.push("must contain at least one letter (a-z)");
  if (value.includes("--")) errors.push("must not contain consecutive hyphens");
  if (value.startsWith("-") || value.endsWith("-")) {
    errors.push("must not begin or end with a hyphen");
  }
  return errors;
}

/** A port number: 1 to 65535. */
export function isValidPortNum(value: unknown): string[] {
  const good = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65535;
  return good ? [] : ["must be between 1 and 65535, inclusive"];
}

/** Key of a ConfigMap or Secret: it may become a file name. */
export function isConfigMapKey(value: string): string[] {
  const errors = [
    ...maxLength(value, 253),
    ...matches(value, CONFIG_KEY, {
      message: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
      source: CONFIG_KEY_SOURCE,
      examples: ["key.name", "KEY_NAME", "key-name"],
    }),
  ];
  if (value === ".") errors.push("must not be '.'");
  if (value === "..") errors.push("must not be '..'");
  else if (value.startsWith("..")) errors.push("must not start with '..'");
  return errors;
}

/** Name of an environment variable: printable ASCII without `=` (relaxed since 1.32). */
export function isEnvVarName(value: string): string[] {
  if (value === "") return ["environment variable name must not be empty"];
  if (/^[ -<>-~]+$/.test(value)) return [];
  return [
    "a valid environment variable name must consist only of printable ASCII characters other " +
      "than '='",
  ];
}

interface Rule {
  readonly message: string;
  readonly source: string;
  readonly examples: readonly string[];
}

const QUALIFIED_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an " +
  "alphanumeric character";
const QUALIFIED_EXAMPLES = ["MyName", "my.name", "123-abc"];

function prefixErrors(prefix: string | undefined): string[] {
  if (prefix === undefined) return [];
  if (prefix === "") return ["prefix part must be non-empty"];
  return isDNS1123Subdomain(prefix).map((error) => `prefix part ${error}`);
}

function namePartErrors(name: string): string[] {
  const errors = [
    ...(name === "" ? ["must be non-empty"] : maxLength(name, 63)),
    ...matches(name, QUALIFIED, {
      message: QUALIFIED_MESSAGE,
      source: QUALIFIED_SOURCE,
      examples: QUALIFIED_EXAMPLES,
    }),
  ];
  return errors.map((error) => `name part ${error}`);
}

function maxLength(value: string, max: number): string[] {
  return new TextEncoder().encode(value).length > max
    ? [`must be no more than ${max} characters`]
    : [];
}

function matches(value: string, pattern: RegExp, rule: Rule): string[] {
  return pattern.test(value) ? [] : [explained(rule)];
}

function explained({ message, source, examples }: Rule): string {
  const quoted = examples.map((example) => `'${example}'`).join(",  or ");
  return `${message} (e.g. ${quoted}, regex used for validation is '${source}')`;
}

function whole(source: string): RegExp {
  return new RegExp(`^(?:${source})$`);
}
