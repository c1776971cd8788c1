import { isDNS1123Subdomain, type Kind, type KubeObject, type StatusCause } from "@kubehop/api";
import { validateObjectMeta } from "./object-meta.ts";

/**
 * What is particular to a kind when its objects are written. The prepare functions change the
 * object they get, which must be the caller's own copy; the old object is only read.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** PUT to a name that does not exist creates it. */
  readonly createOnUpdate: boolean;
  /** Fills in what is absent; what it fills in belongs to whoever writes the object. */
  setDefaults(object: T): void;
  /** Sets defaults and drops what clients can't set. */
  prepareForCreate(object: T): void;
  validate(object: T): StatusCause[];
  /** Sets defaults and keeps what an update can't change: the status, allocated addresses … */
  prepareForUpdate(object: T, old: T): void;
  validateUpdate(object: T, old: T): StatusCause[];
  /** Keeps all but the status and the managedFields. */
  prepareForStatusUpdate(object: T, old: T): void;
  validateStatusUpdate(object: T, old: T): StatusCause[];
  /** Marks an object whose deletion begins, and may keep it with a finalizer. */
  prepareForDelete(object: T, now: number): void;
  /** Texts for the `Warning` header: things that are accepted, but not wise. */
  warnings(object: T): string[];
}

/** The rules of writes through a subresource that changes a part of its own of an object. */
export interface SubresourceStrategy<T extends KubeObject = KubeObject> {
  /** Keeps all but that part. The object has its kind's defaults already. */
  prepareForUpdate(object: T, old: T): void;
  validateUpdate(object: T, old: T): StatusCause[];
}

/** The rules of one kind; those it lacks are the generic ones. */
export interface Rules<T extends KubeObject> {
  readonly createOnUpdate?: boolean;
  /** A new object may bring its status (a kubelet registers its node with one). */
  readonly statusOnCreate?: boolean;
  /** What is wrong with a name; default: RFC 1123 subdomain. */
  readonly validateName?: (name: string) => string[];
  /** Fills in what is absent. Runs before everything else, on create and update. */
  readonly defaults?: (object: T) => void;
  readonly prepareForCreate?: (object: T) => void;
  readonly prepareForUpdate?: (object: T, old: T) => void;
  /** Rules for the object alone, on create and update. */
  readonly validate?: (object: T) => StatusCause[];
  /** Rules for new objects; come after those for the object alone. */
  readonly validateCreate?: (object: T) => StatusCause[];
  /** Rules for the change; come after those for the object alone. */
  readonly validateUpdate?: (object: T, old: T) => StatusCause[];
  readonly validateStatus?: (object: T, old: T) => StatusCause[];
  /** `now` is the unix time in ms. */
  readonly prepareForDelete?: (object: T, now: number) => void;
  readonly warnings?: (object: T) => string[];
}

/** Completes a kind's rules to its strategy. */
export function createStrategy<T extends KubeObject>(
  kind: Kind<T>,
  rules: Rules<T> = {},
): Strategy<T> {
  const validateName = rules.validateName ?? isDNS1123Subdomain;
  const validate = (object: T): StatusCause[] => [
    ...validateObjectMeta(object.metadata, { validateName }),
    ...(rules.validate?.(object) ?? []),
  ];
  return {
    createOnUpdate: rules.createOnUpdate ?? false,
    setDefaults: (object) => rules.defaults?.(object),
    prepareForCreate(object) {
      if (kind.status && rules.statusOnCreate !== true) delete object["status"];
      rules.defaults?.(object);
      rules.prepareForCreate?.(object);
    },
    validate: (object) => [...validate(object), ...(rules.validateCreate?.(object) ?? [])],
    prepareForUpdate(object, old) {
      if (kind.status) setField(object, "status", structuredClone(old["status"]));
      rules.defaults?.(object);
      rules.prepareForUpdate?.(object, old);
    },
    validateUpdate: (object, old) => [
      ...validate(object),
      ...(rules.validateUpdate?.(object, old) ?? []),
    ],
    prepareForStatusUpdate: (object, old) => keepStored(object, old, "status"),
    validateStatusUpdate: (object, old) => rules.validateStatus?.(object, old) ?? [],
    prepareForDelete: (object, now) => rules.prepareForDelete?.(object, now),
    warnings: (object) => rules.warnings?.(object) ?? [],
  };
}

/** Makes an object what is stored, but for one field of it, its resourceVersion and managedFields. */
export function keepStored(object: KubeObject, old: KubeObject, except?: string): void {
  const { resourceVersion, managedFields } = object.metadata;
  const fields = new Set([...Object.keys(object), ...Object.keys(old)]);
  if (except !== undefined) fields.delete(except);
  for (const field of fields) setField(object, field, structuredClone(old[field]));
  if (resourceVersion === undefined) delete object.metadata.resourceVersion;
  else object.metadata.resourceVersion = resourceVersion;
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = managedFields;
}

function setField(object: KubeObject, field: string, value: unknown): void {
  if (value === undefined) delete object[field];
  else object[field] = value;
}
