import {
  type AddressType,
  type Draft,
  type Endpoints,
  ENDPOINTSLICE_CONTROLLER,
  ENDPOINTSLICE_MANAGED_BY_LABEL,
  type EndpointSlice,
  formatWeights,
  Kinds,
  LAST_CHANGE_TRIGGER_TIME_ANNOTATION,
  type ObjectMeta,
  type Service,
  SERVICE_NAME_LABEL,
  WEIGHTS_ANNOTATION,
} from "@kubehop/api";
import { controllerReference } from "../../owners.ts";
import { canonicalJson } from "../../template-hash.ts";
import { headlessLabels, type WantedEndpoint } from "./endpoints.ts";
import type { SliceContent } from "./packing.ts";

/** What a slice takes from its Service beside endpoints and ports. */
export interface SliceContext {
  readonly service: Service;
  /** What caused this sync, unix ms. */
  readonly triggerTime: number | undefined;
}

/** A new slice of a Service; the API server completes its name. */
export function sliceDraft(
  { service, triggerTime }: SliceContext,
  addressType: AddressType,
  content: SliceContent,
): Draft<EndpointSlice> {
  const meta = {
    labels: sliceLabels(service),
    annotations: annotationsFor({}, content.endpoints, triggerTime),
    ownerReferences: [controllerReference(Kinds.Service, service)],
  };
  return draftOf(service, meta, { addressType, content });
}

/** A new slice named after its owner and beside it; the API server completes the name. */
export function draftOf(
  { metadata: { name, namespace = "" } }: Service | Endpoints,
  meta: Required<Pick<ObjectMeta, "labels" | "annotations" | "ownerReferences">>,
  { addressType, content }: { addressType: AddressType; content: SliceContent },
): Draft<EndpointSlice> {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { generateName: `${name}-`, namespace, ...meta },
    addressType,
    endpoints: content.endpoints.map(({ endpoint }) => endpoint),
    ports: [...content.ports],
  };
}

/**
 * The slice with new content; undefined when it is as it should be. Without new content only
 * labels and weights are looked at.
 */
export function updatedSlice(
  { service, triggerTime }: SliceContext,
  slice: EndpointSlice,
  content: SliceContent,
): EndpointSlice | undefined {
  const endpoints = content.endpoints.map(({ endpoint }) => endpoint);
  const before = slice.metadata.annotations ?? {};
  const kept = annotationsFor(before, content.endpoints, undefined);
  const next = {
    ...slice,
    metadata: { ...slice.metadata, labels: sliceLabels(service), annotations: kept },
    endpoints,
    ports: [...content.ports],
  };
  const previous = {
    ...slice,
    metadata: { ...slice.metadata, annotations: withoutTriggerTime(before) },
    ports: slice.ports ?? [],
  };
  if (canonicalJson(next) === canonicalJson(previous)) return undefined;
  const annotations = annotationsFor(before, content.endpoints, triggerTime);
  return { ...next, metadata: { ...next.metadata, annotations } };
}

function sliceLabels(service: Service): Record<string, string> {
  return {
    ...service.metadata.labels,
    ...headlessLabels(service),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [ENDPOINTSLICE_MANAGED_BY_LABEL]: ENDPOINTSLICE_CONTROLLER,
  };
}

function annotationsFor(
  existing: Readonly<Record<string, string>>,
  endpoints: readonly WantedEndpoint[],
  triggerTime: number | undefined,
): Record<string, string> {
  const { [WEIGHTS_ANNOTATION]: _weights, ...others } = withoutTriggerTime(existing);
  const weights = formatWeights(
    new Map(endpoints.map(({ endpoint, weight }) => [endpoint.addresses[0] ?? "", weight])),
  );
  return {
    ...others,
    ...(weights !== undefined && { [WEIGHTS_ANNOTATION]: weights }),
    ...(triggerTime !== undefined && {
      [LAST_CHANGE_TRIGGER_TIME_ANNOTATION]: new Date(triggerTime).toISOString(),
    }),
  };
}

function withoutTriggerTime(annotations: Readonly<Record<string, string>>): Record<string, string> {
  const { [LAST_CHANGE_TRIGGER_TIME_ANNOTATION]: _time, ...others } = annotations;
  return others;
}
