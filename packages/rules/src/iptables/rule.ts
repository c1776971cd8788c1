import type { Frontend } from "@kubehop/routing";
import type { ServiceView } from "../service-view.ts";

/** The mark of packets that need their source translated: bit 14, kube-proxy's default. */
export const MASQUERADE_MARK = "0x4000";

/** One line that appends to a chain; empty parts are left out. */
export function rule(chain: string, ...parts: readonly string[]): string {
  return ["-A", chain, ...parts.filter((part) => part !== "")].join(" ");
}

/** A match that explains the rule; quoted when it has spaces, as upstream writes it. */
export function comment(text: string): string {
  return `-m comment --comment ${text.includes(" ") ? `"${text}"` : text}`;
}

/** Loads the protocol's match and asks for it, in upstream's order. */
export function protocolMatch({ protocol }: ServiceView): string {
  return `-m ${protocol} -p ${protocol}`;
}

/** Flows of a service port to one of its addresses. */
export function addressMatch(view: ServiceView, { ip, port }: Frontend): string {
  return `${protocolMatch(view)} -d ${ip} --dport ${port}`;
}

/** A line that makes a chain, or empties it. */
export function chainLine(chain: string): string {
  return `:${chain} - [0:0]`;
}
