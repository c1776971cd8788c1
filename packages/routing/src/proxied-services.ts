import {
  type EndpointSlice,
  HEADLESS_LABEL,
  type Service,
  SERVICE_NAME_LABEL,
  SERVICE_PROXY_NAME_LABEL,
} from "@kubehop/api";

/**
 * Whether a node's proxy serves a Service: it has a cluster IP and no other proxy was named for it
 * (upstream: pkg/proxy/util ShouldSkipService and the informers' label selector).
 */
export function isProxied({ metadata, spec }: Service): boolean {
  const { clusterIP } = spec;
  return (
    clusterIP !== undefined &&
    clusterIP !== "" &&
    clusterIP !== "None" &&
    spec.type !== "ExternalName" &&
    metadata.labels?.[SERVICE_PROXY_NAME_LABEL] === undefined
  );
}

/** The `ns/name` of the Service a slice belongs to; undefined for one of a headless Service. */
export function serviceOfSlice({ metadata }: EndpointSlice): string | undefined {
  const { labels = {}, namespace } = metadata;
  const service = labels[SERVICE_NAME_LABEL];
  return service === undefined || HEADLESS_LABEL in labels ? undefined : `${namespace}/${service}`;
}

/** Slices by the `ns/name` of their Service; those of headless Services are left out. */
export function groupSlices(
  slices: readonly EndpointSlice[],
): ReadonlyMap<string, readonly EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const service = serviceOfSlice(slice);
    if (service === undefined) continue;
    const group = groups.get(service);
    if (group === undefined) groups.set(service, [slice]);
    else group.push(slice);
  }
  return groups;
}
