import {
  badRequest,
  type FieldSelector,
  type Kind,
  type KubeObject,
  type StatusError,
} from "@kubehop/api";
import { createEntry, encodeObject, type Entry } from "../storage/entry.ts";

/** The kind whose objects a kind's objects are stored as: itself, but for other versions. */
export function storedKind(kind: Kind): Kind {
  return kind.conversion?.stored ?? kind;
}

/** A stored object in the version a client asked for. */
export function servedObject({ conversion }: Kind, object: KubeObject): KubeObject {
  return conversion === undefined ? object : conversion.fromStored(object);
}

/** The same for an entry; the very entry when the version is the stored one. */
export function servedEntry({ conversion }: Kind, entry: Entry): Entry {
  if (conversion === undefined) return entry;
  const bytes = encodeObject(conversion.fromStored(entry.object));
  return createEntry(entry.key, entry.revision, bytes);
}

/** An object that a client sent, in the version that is stored. */
export function storedObject({ conversion }: Kind, object: KubeObject): KubeObject {
  return conversion === undefined ? object : conversion.toStored(object);
}

/** A field selector with the stored version's names of fields; throws 400 for unknown ones. */
export function storedFields({ conversion }: Kind, selector: FieldSelector): FieldSelector {
  if (conversion === undefined) return selector;
  return selector.map((requirement) => {
    const { field } = requirement;
    const stored = field.startsWith("metadata.") ? field : conversion.storedField(field);
    if (stored === undefined) throw unknownField(field);
    return { ...requirement, field: stored };
  });
}

function unknownField(field: string): StatusError {
  return badRequest(`field label not supported: ${field}`);
}
