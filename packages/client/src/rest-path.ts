import type { Kind } from "@kubehop/api";

/** An object's name, and its namespace when its kind has them. */
export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Which objects of a kind; all when empty. */
export interface ListSelection {
  readonly namespace?: string;
  /** As kubectl's -l. */
  readonly labelSelector?: string;
  /** As kubectl's --field-selector. */
  readonly fieldSelector?: string;
}

/** The path of one object or of a subresource of it. */
export function itemPath(kind: Kind, ref: ObjectRef, subresource?: string): string {
  const item = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? item : `${item}/${subresource}`;
}

/** The path of a collection with its selectors and further query parameters. */
export function listPath(
  kind: Kind,
  { namespace, labelSelector, fieldSelector }: ListSelection,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(parameters);
  if (labelSelector !== undefined) query.set("labelSelector", labelSelector);
  if (fieldSelector !== undefined) query.set("fieldSelector", fieldSelector);
  const path = collectionPath(kind, namespace);
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

function collectionPath(kind: Kind, namespace: string | undefined): string {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const inNamespace = kind.namespaced && namespace !== undefined && namespace !== "";
  const scope = inNamespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${kind.plural}`;
}
