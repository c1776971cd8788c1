import type { RequestLabels } from "../metrics.ts";
import type { ResourceRequest } from "./request-info.ts";

/** Subresources that connect the client with a kubelet, a pod or a service. */
const CONNECTED = new Set(["attach", "exec", "log", "portforward", "proxy"]);

/** What a request was, as the labels of upstream's metrics. */
export function requestLabels(
  method: string,
  resource: ResourceRequest | undefined,
  query: URLSearchParams,
): RequestLabels {
  if (resource === undefined) {
    const none = { group: "", version: "", resource: "", subresource: "", scope: "", dryRun: "" };
    return { ...none, verb: method };
  }
  const { group, version, plural, subresource = "" } = resource;
  return {
    verb: verbOf(resource),
    group,
    version,
    resource: plural,
    subresource,
    scope: scopeOf(resource),
    dryRun: query.has("dryRun") ? "All" : "",
  };
}

function verbOf({ verb, subresource }: ResourceRequest): string {
  if (CONNECTED.has(subresource ?? "")) return "CONNECT";
  switch (verb) {
    case "create":
      return "POST";
    case "update":
      return "PUT";
    default:
      return verb.toUpperCase();
  }
}

function scopeOf({ name, namespace }: ResourceRequest): string {
  if (name !== undefined) return "resource";
  return namespace === undefined ? "cluster" : "namespace";
}
