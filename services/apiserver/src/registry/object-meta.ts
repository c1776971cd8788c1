import {
  invalidValue,
  isQualifiedName,
  isValidLabelValue,
  required,
  tooLong,
  type ObjectMeta,
  type OwnerReference,
  type StatusCause,
} from "@kubehop/api";

const ANNOTATIONS_LIMIT = 256 * 1024;

/** Rules of metadata that all kinds share (apimachinery/pkg/api/validation). */
export function validateObjectMeta(
  metadata: Partial<ObjectMeta>,
  { validateName }: { readonly validateName: (name: string) => string[] },
): StatusCause[] {
  const { name = "", generateName = "", labels, annotations } = metadata;
  return [
    ...(generateName === "" ? [] : nameCauses("generateName", trimmed(generateName), validateName)),
    ...(name === ""
      ? [required("metadata.name", "name or generateName is required")]
      : nameCauses("name", name, validateName)),
    ...labelCauses("metadata.labels", labels),
    ...annotationCauses("metadata.annotations", annotations),
    ...ownerCauses(metadata.ownerReferences ?? []),
    ...finalizerCauses(metadata.finalizers ?? []),
  ];
}

/** Rules of a map of labels. */
export function labelCauses(
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): StatusCause[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...isQualifiedName(key).map((why) => invalidValue(field, key, why)),
    ...isValidLabelValue(value).map((why) => invalidValue(field, value, why)),
  ]);
}

/** Rules of a map of annotations: keys as those of labels (upper case too), 256 KiB in all. */
export function annotationCauses(
  field: string,
  annotations: Readonly<Record<string, string>> | undefined,
): StatusCause[] {
  const entries = Object.entries(annotations ?? {});
  const size = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [
    ...entries.flatMap(([key]) =>
      isQualifiedName(key.toLowerCase()).map((why) => invalidValue(field, key, why)),
    ),
    ...(size > ANNOTATIONS_LIMIT ? [tooLong(field, ANNOTATIONS_LIMIT)] : []),
  ];
}

function nameCauses(
  field: string,
  name: string,
  validateName: (name: string) => string[],
): StatusCause[] {
  return validateName(name).map((why) => invalidValue(`metadata.${field}`, name, why));
}

/** A generated name goes on after its prefix: the prefix may end with a hyphen. */
function trimmed(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith("-") ? `${prefix.slice(0, -1)}a` : prefix;
}

function ownerCauses(references: readonly Partial<OwnerReference>[]): StatusCause[] {
  const field = "metadata.ownerReferences";
  const causes = references.flatMap((reference, index) => {
    const at = `${field}[${index}]`;
    const { apiVersion = "", kind = "", name = "", uid = "" } = reference;
    return [
      ...(apiVersion === ""
        ? [invalidValue(`${at}.apiVersion`, apiVersion, "version must not be empty")]
        : []),
      ...(kind === "" ? [invalidValue(`${at}.kind`, kind, "must not be empty")] : []),
      ...(name === "" ? [invalidValue(`${at}.name`, name, "must not be empty")] : []),
      ...(uid === "" ? [invalidValue(`${at}.uid`, uid, "must not be empty")] : []),
    ];
  });
  const [first, second] = references.filter((one) => one.controller === true);
  if (first === undefined || second === undefined) return causes;
  const why =
    'Only one reference can have Controller set to true. Found "true" in references for ' +
    `${first.kind ?? ""}/${first.name ?? ""} and ${second.kind ?? ""}/${second.name ?? ""}`;
  return [...causes, invalidValue(field, references, why)];
}

function finalizerCauses(finalizers: readonly string[]): StatusCause[] {
  const field = "metadata.finalizers";
  return finalizers.flatMap((finalizer) =>
    isQualifiedName(finalizer).map((why) => invalidValue(field, finalizer, why)),
  );
}
