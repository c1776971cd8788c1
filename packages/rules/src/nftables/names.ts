import type { ServiceEndpoint } from "@kubehop/routing";
import { hashOf } from "../hash.ts";
import type { ServiceView } from "../service-view.ts";

const HASH_LENGTH = 8;
/** 256, nft's limit, without the longest prefix (upstream: chainNameBaseLengthMax). */
const MAX_LENGTH = 240;

/** The part of a service port's chain names after the prefix: `H8-ns/svc/tcp/port`. */
export function serviceBase(view: ServiceView): string {
  return withHash(pathOf(view));
}

/** The part of an endpoint's names after the prefix: `H8-ns/svc/tcp/port__ip/port`. */
export function endpointBase(view: ServiceView, { ip, port }: ServiceEndpoint): string {
  return withHash(`${pathOf(view)}__${ip.replaceAll(":", ".")}/${port}`);
}

function pathOf({ service, protocol, portName }: ServiceView): string {
  return `${service}/${protocol}/${portName}`;
}

function withHash(path: string): string {
  const name = `${hashOf(path, HASH_LENGTH)}-${path}`;
  return name.length > MAX_LENGTH ? `${name.slice(0, MAX_LENGTH - 3)}...` : name;
}
