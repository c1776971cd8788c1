import type { KubeObject } from "@kubehop/api";

/** A column of a Table, as meta.k8s.io/v1 describes it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean";
  readonly format: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority: number;
}

/** A condition of a row; kubectl hides rows that are Completed where upstream's did. */
export interface RowCondition {
  readonly type: "Completed";
  readonly status: "True";
  readonly reason: string;
  readonly message: string;
}

/** The cells of one object, in the order of the columns. */
export interface PrintedRow {
  readonly cells: readonly (string | number | boolean | null)[];
  readonly conditions?: readonly RowCondition[];
}

/** How `kubectl get` shows a kind (source: pkg/printers/internalversion/printers.go). */
export interface Printer<T extends KubeObject = KubeObject> {
  readonly columns: readonly ColumnDefinition[];
  /** `now` is the unix time in ms that ages are counted to. */
  row(object: T, now: number): PrintedRow;
}

/** The column of the object's name. */
export const NAME: ColumnDefinition = {
  ...column("Name", "Name must be unique within a namespace."),
  format: "name",
};

/** The column of the object's age. */
export const AGE: ColumnDefinition = column("Age", "Time since the object was created.");

/** A text column that is always shown. */
export function column(name: string, description: string): ColumnDefinition {
  return { name, type: "string", format: "", description, priority: 0 };
}

/** A text column shown with `-o wide` only. */
export function wide(name: string, description: string): ColumnDefinition {
  return { ...column(name, description), priority: 1 };
}

/** A column of whole numbers. */
export function integer(name: string, description: string): ColumnDefinition {
  return { ...column(name, description), type: "integer" };
}

/** The text, or `<none>` for an empty or absent one. */
export function orNone(text: string | undefined): string {
  return text === undefined || text === "" ? "<none>" : text;
}

/** Labels or a selector as sorted `k=v,k=v`; `<none>` when empty. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return orNone(pairs.sort().join(","));
}
