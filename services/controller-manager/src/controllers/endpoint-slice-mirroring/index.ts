import {
  type AddressType,
  type Endpoints,
  ENDPOINTSLICE_MANAGED_BY_LABEL,
  ENDPOINTSLICE_MIRRORING_CONTROLLER,
  type EndpointSlice,
  isNamespaceTerminating,
  Kinds,
  SERVICE_NAME_LABEL,
} from "@kubehop/api";
import { BY_SERVICE } from "../../caches.ts";
import { isDeleting } from "../../owners.ts";
import type { Context, Controller } from "../controller.ts";
import { planPacking } from "../endpoint-slice/packing.ts";
import { isMirrored, mirrorDraft, mirroredGroups, updatedMirror } from "./mirror.ts";

const ADDRESS_TYPES: readonly AddressType[] = ["IPv4", "IPv6"];

/**
 * Writes the EndpointSlices of Services without selector whose Endpoints a user has written: proxies
 * and DNS read slices alone.
 */
export const endpointSliceMirroringController: Controller = {
  name: "endpoint_slice_mirroring",
  workers: 5,
  build(context, queue) {
    const { caches, writer } = context;
    caches.Service.onChange(({ key }) => queue.add(key));
    caches.Endpoints.onChange(({ key }) => queue.add(key));
    caches.EndpointSlice.onChange(({ previous, current }) => {
      for (const slice of [previous, current]) if (isOurs(slice)) queue.add(serviceKey(slice));
    });

    return async (key) => {
      const endpoints = caches.Endpoints.store.get(key);
      const slices = caches.EndpointSlice.store.byIndex(BY_SERVICE, key).filter(isOurs);
      const wanted =
        endpoints !== undefined &&
        !isDeleting(endpoints) &&
        isMirrored(caches.Service.store.get(key), endpoints);
      if (wanted) await reconcile(context, endpoints, slices);
      else await Promise.all(slices.map((slice) => writer.delete(Kinds.EndpointSlice, slice)));
    };
  },
};

function isOurs(slice: EndpointSlice | undefined): slice is EndpointSlice {
  const labels = slice?.metadata.labels;
  return labels?.[ENDPOINTSLICE_MANAGED_BY_LABEL] === ENDPOINTSLICE_MIRRORING_CONTROLLER;
}

function serviceKey({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL]}`;
}

async function reconcile(
  { writer, settings }: Context,
  endpoints: Endpoints,
  slices: readonly EndpointSlice[],
): Promise<void> {
  const plans = ADDRESS_TYPES.flatMap((type) => {
    const own = slices.filter((slice) => slice.addressType === type);
    const groups = mirroredGroups(endpoints, type);
    // Only a family that has addresses, or had some, needs slices.
    if (groups.size === 0 && own.length === 0 && type !== "IPv4") return [];
    return [{ type, own, ...planPacking(groups, own, settings.maxEndpointsPerSlice) }];
  });
  try {
    for (const plan of plans) {
      const kept = plan.own.filter((slice) => !plan.delete.includes(slice));
      const updated = kept.flatMap(
        (slice) => updatedMirror(endpoints, slice, plan.update.get(slice)) ?? [],
      );
      await Promise.all([
        ...updated.map((slice) => writer.update(Kinds.EndpointSlice, slice)),
        ...plan.create.map((content) =>
          writer.create(Kinds.EndpointSlice, mirrorDraft(endpoints, plan.type, content)),
        ),
        ...plan.delete.map((slice) => writer.delete(Kinds.EndpointSlice, slice)),
      ]);
    }
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
}
