import { Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";

/** What a plugin answers; the server adds id, question and EDNS and makes it fit. */
export interface Reply {
  readonly rcode: number;
  /** AA, RA, AD and TC of dns-wire's `Flag`. */
  readonly flags: number;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  /** The plugin that answered, for metrics and traces; empty when it was the server. */
  readonly plugin: string;
}

const NONE: readonly ResourceRecord[] = [];

/** An authoritative answer; what is left out is empty and NOERROR. */
export function createReply(plugin: string, parts: Partial<Omit<Reply, "plugin">> = {}): Reply {
  return {
    rcode: parts.rcode ?? Rcode.NOERROR,
    flags: parts.flags ?? Flag.AA,
    answers: parts.answers ?? NONE,
    authorities: parts.authorities ?? NONE,
    additionals: parts.additionals ?? NONE,
    plugin,
  };
}

/** An answer that is nothing but a response code. */
export function createErrorReply(rcode: number, plugin = ""): Reply {
  return createReply(plugin, { rcode, flags: 0 });
}
