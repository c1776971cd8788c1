import { notAcceptable } from "@kubehop/api";

/** The form a client wants its answer in. */
export interface Accepted {
  readonly format: "json" | "yaml";
  /** A transformation: `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`. */
  readonly as?: string;
  /** Version of the transformation's group: `v1`, `v1beta1`, `v2`. */
  readonly version?: string;
}

/** Transformations by the group that defines them. */
const TRANSFORMATIONS: Readonly<Record<string, readonly string[]>> = {
  "meta.k8s.io": ["Table", "PartialObjectMetadata", "PartialObjectMetadataList"],
  "apidiscovery.k8s.io": ["APIGroupDiscoveryList"],
};

const MEDIA_TYPES: Readonly<Record<string, "json" | "yaml">> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/*": "json",
  "*/*": "json",
};

/** Media types named in a 406. */
const OFFERED = ["application/json", "application/yaml"];

/**
 * Picks the first of the client's alternatives that can be served; `transformations` names those
 * this path knows. Throws 406 NotAcceptable when none can.
 */
export function parseAccept(
  header: string | undefined,
  transformations: readonly string[],
): Accepted {
  if (header === undefined || header.trim() === "") return { format: "json" };
  const ranges = header.split(",").map(parseRange);
  ranges.sort((a, b) => b.quality - a.quality);
  for (const range of ranges) {
    const accepted = accept(range, transformations);
    if (accepted !== undefined) return accepted;
  }
  throw notAcceptable(OFFERED);
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
  readonly parameters: ReadonlyMap<string, string>;
}

function parseRange(text: string): MediaRange {
  const [type = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = new Map(
    rest.map((part): [string, string] => {
      const at = part.indexOf("=");
      return at === -1 ? [part, ""] : [part.slice(0, at), part.slice(at + 1)];
    }),
  );
  const quality = Number(parameters.get("q") ?? 1);
  return { type: type.toLowerCase(), quality: Number.isNaN(quality) ? 0 : quality, parameters };
}

function accept(
  { type, quality, parameters }: MediaRange,
  transformations: readonly string[],
): Accepted | undefined {
  const format = MEDIA_TYPES[type];
  if (format === undefined || quality <= 0) return undefined;
  const as = parameters.get("as");
  if (as === undefined) return { format };
  const version = parameters.get("v") ?? "";
  const known = TRANSFORMATIONS[parameters.get("g") ?? ""]?.includes(as) ?? false;
  if (!known || !transformations.includes(as) || !/^v[12](beta1)?$/.test(version)) return undefined;
  return { format, as, version };
}
