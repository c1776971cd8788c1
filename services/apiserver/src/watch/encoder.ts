import type { Kind, KubeObject } from "@kubehop/api";
import { servedObject } from "../http/served.ts";
import { buildTable, type IncludeObject, partialObjectMetadata } from "../table/table.ts";
import { createEventEncoder, type EventEncoder } from "./frames.ts";

/** How a watcher wants to see objects. */
export interface EventView {
  /** `Table` or `PartialObjectMetadata`; absent for the objects themselves. */
  readonly as?: string;
  /** Version of meta.k8s.io for these. */
  readonly version?: string;
  readonly includeObject: IncludeObject;
}

const plainEncoder = createEventEncoder();

/** The encoder for a view. Watchers of plain objects share one, so a line is made once for all. */
export function encoderFor(kind: Kind, view: EventView, now: () => number): EventEncoder {
  const { as, version = "v1", includeObject } = view;
  if (as === undefined) {
    if (kind.conversion === undefined) return plainEncoder;
    return lineEncoder((object) => servedObject(kind, object));
  }
  if (as !== "Table") return lineEncoder((object) => partialObjectMetadata(object, version));
  let columns = true;
  return lineEncoder((object) => {
    const metadata = { resourceVersion: object.metadata.resourceVersion };
    const options = { version, includeObject, metadata, now: now(), columns };
    columns = false;
    return buildTable(kind, [object], options);
  });
}

function lineEncoder(transform: (object: KubeObject) => unknown): EventEncoder {
  return ({ type, entry }) => `${JSON.stringify({ type, object: transform(entry.object) })}\n`;
}
