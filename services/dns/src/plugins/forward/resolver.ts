import { lookup, Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { splitHostPort } from "@kubehop/kit";
import { type Directive, invalidArgument } from "../../corefile/directive.ts";
import type { UpstreamAddress, UpstreamHost, UpstreamTarget } from "./upstream-address.ts";

const DNS_PORT = 53;
/** How long one look-up may take, with two tries for each server. */
const LOOKUP_MS = 5_000;
const TRY_MS = 1_000;

/** Reads `IP[:PORT]` as node:dns wants it. Throws CorefileError. */
export function parseResolver(property: Directive, text: string): string {
  if (isIP(text) !== 0) return isIP(text) === 6 ? `[${text}]:${DNS_PORT}` : `${text}:${DNS_PORT}`;
  try {
    const { host, port } = splitHostPort(text);
    if (isIP(host) !== 0 && port > 0 && port <= 65_535) return text;
  } catch {
    // Told below.
  }
  throw invalidArgument(property, text, "IP or IP:PORT");
}

/**
 * The addresses of upstreams, each once, in their order. Hosts are asked for at `resolvers`, or as
 * the system does it when there are none. Rejects when a host has no address or takes too long.
 */
export async function resolveUpstreams(
  targets: readonly UpstreamTarget[],
  resolvers: readonly string[],
): Promise<UpstreamAddress[]> {
  const found = await Promise.all(
    targets.map(async (target) => ("ip" in target ? [target] : lookUp(target, resolvers))),
  );
  const unique = new Map(found.flat().map((each) => [JSON.stringify(each), each]));
  return [...unique.values()];
}

async function lookUp(
  { host, ...rest }: UpstreamHost,
  resolvers: readonly string[],
): Promise<UpstreamAddress[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${host}: no answer in ${LOOKUP_MS} ms`));
  }, LOOKUP_MS);
  try {
    const addresses = resolvers.length === 0 ? askSystem(host) : askServers(host, resolvers);
    return (await Promise.race([addresses, late.promise])).map((ip) => ({ ip, ...rest }));
  } finally {
    clearTimeout(timer);
  }
}

async function askSystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/** A and AAAA; one of them is enough. */
async function askServers(host: string, servers: readonly string[]): Promise<string[]> {
  const resolver = new Resolver({ timeout: TRY_MS, tries: 2 });
  resolver.setServers(servers);
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const addresses = [four, six].flatMap((each) => (each.status === "fulfilled" ? each.value : []));
  if (addresses.length === 0 && four.status === "rejected") throw four.reason;
  return addresses;
}
