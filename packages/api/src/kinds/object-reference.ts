import { object, text, type SchemaOf } from "../schema.ts";

/** Points to any object (Endpoints' and Event's references). */
export interface ObjectReference {
  kind?: string;
  namespace?: string;
  name?: string;
  uid?: string;
  apiVersion?: string;
  resourceVersion?: string;
  fieldPath?: string;
}

/** Points to an object of a known kind in the same namespace. */
export interface LocalObjectReference {
  name?: string;
}

/** Schema of ObjectReference. */
export const ObjectReferenceSchema: SchemaOf<ObjectReference> = object<ObjectReference>(
  "ObjectReference",
  "Points to an object.",
  {
    kind: text("Its kind."),
    namespace: text("Its namespace."),
    name: text("Its name."),
    uid: text("Its UID."),
    apiVersion: text("Its API version."),
    resourceVersion: text("Its version when the reference was made."),
    fieldPath: text("A part of the object."),
  },
);

/** Schema of LocalObjectReference. */
export const LocalObjectReferenceSchema: SchemaOf<LocalObjectReference> =
  object<LocalObjectReference>("LocalObjectReference", "Points to an object by name.", {
    name: text("Its name."),
  });

/** Points to an object of any kind in the same namespace. */
export interface TypedLocalObjectReference {
  apiGroup?: string;
  kind: string;
  name: string;
}

/** Schema of TypedLocalObjectReference. */
export const TypedLocalObjectReferenceSchema: SchemaOf<TypedLocalObjectReference> =
  object<TypedLocalObjectReference>(
    "TypedLocalObjectReference",
    "Points to an object in the same namespace.",
    {
      apiGroup: text("Its API group; empty for the core group."),
      kind: text("Its kind."),
      name: text("Its name."),
    },
    ["kind", "name"],
  );
