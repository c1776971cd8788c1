import { bool, freeForm, object, quantity, text, type FreeForm, type SchemaOf } from "../schema.ts";

/** One environment variable: a value, or where it comes from. */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: EnvVarSource;
}

/** Where a variable's value comes from; exactly one is set. */
export interface EnvVarSource {
  fieldRef?: ObjectFieldSelector;
  resourceFieldRef?: ResourceFieldSelector;
  configMapKeyRef?: KeySelector;
  secretKeyRef?: KeySelector;
  fileKeyRef?: FreeForm;
}

/** A field of the pod, such as status.podIP. */
export interface ObjectFieldSelector {
  apiVersion?: string;
  fieldPath: string;
}

/** A resource of a container, such as limits.cpu. */
export interface ResourceFieldSelector {
  containerName?: string;
  resource: string;
  divisor?: string;
}

/** A key of a ConfigMap or Secret. */
export interface KeySelector {
  name?: string;
  key: string;
  optional?: boolean;
}

/** All keys of a ConfigMap or Secret. */
export interface EnvFromSource {
  prefix?: string;
  configMapRef?: OptionalReference;
  secretRef?: OptionalReference;
}

/** An object that may be missing when `optional`. */
export interface OptionalReference {
  name?: string;
  optional?: boolean;
}

/** Schema of ObjectFieldSelector. */
export const ObjectFieldSelectorSchema: SchemaOf<ObjectFieldSelector> = object<ObjectFieldSelector>(
  "ObjectFieldSelector",
  "A field of the pod.",
  { apiVersion: text("Default v1."), fieldPath: text("Path, such as status.podIP.") },
  ["fieldPath"],
);

/** Schema of ResourceFieldSelector. */
export const ResourceFieldSelectorSchema: SchemaOf<ResourceFieldSelector> =
  object<ResourceFieldSelector>(
    "ResourceFieldSelector",
    "A resource of a container.",
    {
      containerName: text("The container."),
      resource: text("Such as limits.cpu."),
      divisor: quantity("Unit of the result."),
    },
    ["resource"],
  );

/** Schema of EnvVar. */
export const EnvVarSchema: SchemaOf<EnvVar> = object<EnvVar>(
  "EnvVar",
  "An environment variable.",
  {
    name: text("Its name."),
    value: text("Its value; $(NAME) is replaced."),
    valueFrom: object<EnvVarSource>("EnvVarSource", "Where its value comes from.", {
      fieldRef: ObjectFieldSelectorSchema,
      resourceFieldRef: ResourceFieldSelectorSchema,
      configMapKeyRef: keySelector("ConfigMapKeySelector"),
      secretKeyRef: keySelector("SecretKeySelector"),
      fileKeyRef: freeForm("A key of a file in a volume."),
    }),
  },
  ["name"],
);

/** Schema of EnvFromSource. */
export const EnvFromSchema: SchemaOf<EnvFromSource> = object<EnvFromSource>(
  "EnvFromSource",
  "A source of environment variables.",
  {
    prefix: text("Put before each name."),
    configMapRef: optionalReference("ConfigMapEnvSource"),
    secretRef: optionalReference("SecretEnvSource"),
  },
);

function keySelector(title: string): SchemaOf<KeySelector> {
  return object<KeySelector>(
    title,
    "One key of the object.",
    {
      name: text("Name of the object."),
      key: text("The key."),
      optional: bool("It may be missing."),
    },
    ["key"],
  );
}

function optionalReference(title: string): SchemaOf<OptionalReference> {
  return object<OptionalReference>(title, "All keys of the object.", {
    name: text("Name of the object."),
    optional: bool("It may be missing."),
  });
}
