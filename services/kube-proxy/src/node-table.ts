import { type EndpointSlice, namespacedName, type Service } from "@kubehop/api";
import type { Store } from "@kubehop/client";
import {
  createTableBuilder,
  type ProxyNode,
  serviceOfSlice,
  type ServiceTable,
  type TableBuilder,
} from "@kubehop/routing";

/** Index of the slices' store: finds them by the `ns/name` of their Service. */
export const SLICES_BY_SERVICE: Readonly<{
  service: (slice: EndpointSlice) => readonly string[];
}> = { service: (slice) => serviceNames(slice) };

/** The service table of a node, kept at what two stores hold; it builds again what was touched. */
export interface NodeTable {
  /** A Service, by `ns/name`, has changed. */
  touchService(name: string): void;
  /** A slice has changed: its Services, before and after, are built again. */
  touchSlice(previous: EndpointSlice | undefined, current: EndpointSlice | undefined): void;
  /** The table of what the stores hold now, for the node in a zone. */
  build(zone: string | undefined, resourceVersion: string): ServiceTable;
}

/** What a table is made from. */
export interface NodeTableOptions {
  readonly services: Store<Service>;
  /** With the index `SLICES_BY_SERVICE`. */
  readonly slices: Store<EndpointSlice>;
  readonly node: ProxyNode;
}

/** Creates the table of a node. The first `build`, and one for another zone, builds everything. */
export function createNodeTable({ services, slices, node }: NodeTableOptions): NodeTable {
  const touched = new Set<string>();
  let builder: TableBuilder | undefined;
  let builtFor: string | undefined;

  function builderFor(zone: string | undefined): TableBuilder {
    if (builder !== undefined && builtFor === zone) return builder;
    for (const service of services.list()) touched.add(namespacedName(service));
    builtFor = zone;
    return createTableBuilder(zone === undefined ? node : { ...node, zone });
  }

  return {
    touchService: (name) => void touched.add(name),
    touchSlice(previous, current) {
      for (const slice of [previous, current]) {
        for (const name of serviceNames(slice)) touched.add(name);
      }
    },
    build(zone, resourceVersion) {
      builder = builderFor(zone);
      for (const name of touched) {
        builder.set(name, services.get(name), slices.byIndex("service", name));
      }
      touched.clear();
      return builder.table(resourceVersion);
    },
  };
}

function serviceNames(slice: EndpointSlice | undefined): readonly string[] {
  const name = slice === undefined ? undefined : serviceOfSlice(slice);
  return name === undefined ? [] : [name];
}
