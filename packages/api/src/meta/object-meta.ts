import {
  bool,
  freeForm,
  int64,
  list,
  map,
  object,
  text,
  time,
  type FreeForm,
  type SchemaOf,
} from "../schema.ts";

/** Points to the object that owns this one; when every owner is gone it is garbage. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** Metadata of every object, as on the wire: times are RFC 3339 strings. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** Which fields a manager owns. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: FreeForm;
  subresource?: string;
}

/** Any object of the API. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** An object to create: it may leave its name to the server (`generateName`). */
export type Draft<T extends { metadata: ObjectMeta }> = Omit<T, "metadata"> & {
  metadata: Omit<ObjectMeta, "name"> & { name?: string };
};

const OwnerReferenceSchema: SchemaOf<OwnerReference> = object<OwnerReference>(
  "OwnerReference",
  "An owner of this object.",
  {
    apiVersion: text("API version of the owner."),
    kind: text("Kind of the owner."),
    name: text("Name of the owner."),
    uid: text("UID of the owner."),
    controller: bool("True for the one owner that manages this object."),
    blockOwnerDeletion: bool("Foreground deletion of the owner waits for this object."),
  },
  ["apiVersion", "kind", "name", "uid"],
);

const ManagedFieldsEntrySchema: SchemaOf<ManagedFieldsEntry> = object<ManagedFieldsEntry>(
  "ManagedFieldsEntry",
  "The fields one manager owns.",
  {
    manager: text("Who manages the fields."),
    operation: text("Apply or Update."),
    apiVersion: text("API version the fields belong to."),
    time: time("When the fields were last written."),
    fieldsType: text("Always FieldsV1."),
    fieldsV1: freeForm("The set of fields."),
    subresource: text("The subresource through which they were written."),
  },
);

/** Schema of ObjectMeta. */
export const ObjectMetaSchema: SchemaOf<ObjectMeta> = object<ObjectMeta>(
  "ObjectMeta",
  "Standard metadata of an object.",
  {
    name: text("Name, unique among the kind (in the namespace)."),
    generateName: text("Prefix of the name the server makes when name is empty."),
    namespace: text("Namespace; empty for cluster-wide kinds."),
    selfLink: text("Deprecated; ignored."),
    uid: text("Set by the server; unique in time and space."),
    resourceVersion: text("Version of this state of the object; opaque."),
    generation: int64("Counts the changes of the desired state."),
    creationTimestamp: time("When the server created the object."),
    deletionTimestamp: time("When the object will be gone; set by a graceful delete."),
    deletionGracePeriodSeconds: int64("Seconds the object may take to end."),
    labels: map(text(""), "Keys and values that selectors match."),
    annotations: map(text(""), "Keys and values that tools read."),
    ownerReferences: list(OwnerReferenceSchema, "Objects this one depends on.", {
      mergeKey: "uid",
      patchStrategy: "merge",
      listType: "map",
      mapKeys: ["uid"],
    }),
    finalizers: list(text(""), "Who must act before the object may go.", {
      patchStrategy: "merge",
      listType: "set",
    }),
    managedFields: list(ManagedFieldsEntrySchema, "Who manages which fields.", {
      listType: "atomic",
    }),
  },
);

/** apiVersion, kind and metadata: the fields every kind begins with. */
export const typeAndMeta: {
  apiVersion: SchemaOf<string>;
  kind: SchemaOf<string>;
  metadata: SchemaOf<ObjectMeta>;
} = {
  apiVersion: text("Group and version of the kind."),
  kind: text("Kind of this object."),
  metadata: ObjectMetaSchema,
};
