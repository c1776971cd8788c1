import type { KubeObject } from "@kubehop/api";

const METADATA = '"metadata":{';

/** One stored version of an object. */
export interface Entry {
  /** The registry key, `<resource>.<namespace|_>.<name>`. */
  readonly key: string;
  /** The sequence of the write that stored it: the object's resourceVersion. */
  readonly revision: number;
  /** The stored JSON: apiVersion, kind, metadata (without resourceVersion), then the rest. */
  readonly bytes: Buffer;
  /** The parsed object with its resourceVersion; parsed once, shared, never to be changed. */
  readonly object: KubeObject;
}

/** Wraps stored bytes; the object is parsed only when somebody looks at it. */
export function createEntry(key: string, revision: number, bytes: Uint8Array): Entry {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  let parsed: KubeObject | undefined;
  return {
    key,
    revision,
    bytes: buffer,
    get object(): KubeObject {
      parsed ??= parseEntry(buffer, revision);
      return parsed;
    },
  };
}

/** The bytes an object is stored as: resourceVersion is left out, metadata comes third. */
export function encodeObject(object: KubeObject): Buffer {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _unstored, ...stored } = metadata;
  return Buffer.from(JSON.stringify({ apiVersion, kind, metadata: stored, ...rest }));
}

/** A private copy of the entry's object, free to be changed. */
export function copyObject(entry: Entry): KubeObject {
  return parseEntry(entry.bytes, entry.revision);
}

/**
 * The object's JSON as the API shows it, `resourceVersion` spliced into the stored bytes; revision
 * 0 is that of an object that was not stored (dry run) and is left out.
 */
export function entryJson({ bytes, revision }: Entry): Buffer {
  if (revision === 0) return bytes;
  const at = bytes.indexOf(METADATA) + METADATA.length;
  return Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(`"resourceVersion":"${revision}",`),
    bytes.subarray(at),
  ]);
}

/** The same as an item of a list: without apiVersion and kind. Gives the parts to concatenate. */
export function entryItemParts(entry: Entry): [Buffer, Buffer] {
  const at = entry.bytes.indexOf(METADATA);
  return [
    Buffer.from(`{${METADATA}"resourceVersion":"${entry.revision}",`),
    entry.bytes.subarray(at + METADATA.length),
  ];
}

/** The resource part of a registry key: `services`, `deployments/apps`. */
export function resourceOfKey(key: string): string {
  return key.slice(0, key.indexOf("."));
}

function parseEntry(bytes: Buffer, revision: number): KubeObject {
  const object = JSON.parse(bytes.toString()) as KubeObject;
  if (revision !== 0) object.metadata.resourceVersion = String(revision);
  return object;
}
