import type { ServiceEndpoint } from "@kubehop/routing";
import { hashOf } from "../hash.ts";
import type { ServiceView } from "../service-view.ts";

const HASH_LENGTH = 8;
/** 256, nft's limit, without the longest prefix (upstream: chainNameBaseLengthMax). */
const MAX_LENGTH = 240;
/** nft takes no longer comment (NFTNL_UDATA_COMMENT_MAXLEN), and a name can have 191 characters. */
const MAX_COMMENT_LENGTH = 128;

/** The part of a service port's chain names after the prefix: `H8-ns/svc/tcp/port`. */
export function serviceBase(view: ServiceView): string {
  return withHash(pathOf(view));
}

/** The part of an endpoint's names after the prefix: `H8-ns/svc/tcp/port__ip/port`. */
export function endpointBase(view: ServiceView, { ip, port }: ServiceEndpoint): string {
  return withHash(`${pathOf(view)}__${ip.replaceAll(":", ".")}/${port}`);
}

/** The comment that tells whose an element is: the service port's name, shortened where nft must. */
export function commentOf({ name }: ServiceView): string {
  return shorten(name, MAX_COMMENT_LENGTH);
}

function pathOf({ service, protocol, portName }: ServiceView): string {
  return `${service}/${protocol}/${portName}`;
}

function withHash(path: string): string {
  return shorten(`${hashOf(path, HASH_LENGTH)}-${path}`, MAX_LENGTH);
}

function shorten(name: string, length: number): string {
  return name.length > length ? `${name.slice(0, length - 3)}...` : name;
}
