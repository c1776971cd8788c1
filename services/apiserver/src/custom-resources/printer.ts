import type { CustomResourceColumnDefinition, Kind, KubeObject } from "@kubehop/api";
import { ageOf } from "../table/age.ts";
import { type ColumnDefinition, NAME, type Printer } from "../table/printer.ts";
import { type CustomTraits, customTraits } from "./custom-kind.ts";
import { parseJsonPath } from "./json-path.ts";

const printers = new WeakMap<CustomTraits, Printer>();

/** The printer of a custom kind's additionalPrinterColumns; undefined for a built-in kind. */
export function customPrinter(kind: Kind): Printer | undefined {
  const traits = customTraits(kind);
  if (traits === undefined) return undefined;
  const known = printers.get(traits);
  if (known !== undefined) return known;
  const printer = printerOf(traits.columns);
  printers.set(traits, printer);
  return printer;
}

type Cell = string | number | boolean | null;

/** Source: apiextensions pkg/registry/customresource/tableconvertor. */
function printerOf(columns: readonly CustomResourceColumnDefinition[]): Printer {
  const cells = columns.map(cellOf);
  return {
    columns: [NAME, ...columns.map(definitionOf)],
    row: (object, now) => ({
      cells: [object.metadata.name, ...cells.map((cell) => cell(object, now))],
    }),
  };
}

function definitionOf(column: CustomResourceColumnDefinition): ColumnDefinition {
  const { name = "", type = "string", format = "", description, priority = 0, jsonPath } = column;
  return {
    name,
    type: type as ColumnDefinition["type"],
    format,
    description:
      description ?? `Custom resource definition column (in JSONPath format): ${jsonPath ?? ""}`,
    priority,
  };
}

function cellOf({
  type = "string",
  jsonPath = "",
}: CustomResourceColumnDefinition): (object: KubeObject, now: number) => Cell {
  const path = parseJsonPath(jsonPath);
  return (object, now) => {
    const [value] = path?.find(object) ?? [];
    if (value === undefined || value === null) return null;
    if (type === "string") return textOf(value);
    if (type === "date") return typeof value === "string" ? dateOf(value, now) : null;
    if (type === "boolean") return typeof value === "boolean" ? value : null;
    return typeof value === "number" ? numberOf(value, type) : null;
  };
}

function numberOf(value: number, type: string): number {
  return type === "integer" ? Math.trunc(value) : value;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function dateOf(time: string, now: number): string {
  return Number.isNaN(Date.parse(time)) ? "<invalid>" : ageOf(time, now);
}
