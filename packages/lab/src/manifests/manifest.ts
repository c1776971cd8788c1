import type { Draft, Kind, KubeObject } from "@kubehop/api";

/** Where a document begins: its file and its first line, from 1. */
export interface ManifestSource {
  readonly file: string;
  readonly line: number;
}

/** One object of a file, checked against its kind. */
export interface Manifest {
  readonly kind: Kind;
  readonly object: Draft<KubeObject>;
  readonly source: ManifestSource;
}

/** What is wrong with a file, and where. */
export interface ManifestProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** "file:line:column: message", as editors and terminals make it a link. */
export function describeProblem({ file, line, column, message }: ManifestProblem): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** What a manifest is called in messages, e.g. "Service default/my-api". */
export function describeManifest({ kind, object }: Manifest): string {
  const { namespace, name } = object.metadata;
  return `${kind.kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;
}
