import { type EdnsOption, Flag, Rcode, type ResourceRecord } from "@kubehop/dns-wire";
import type { Reuse } from "./reuse.ts";

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
  /** Options of the OPT record, if the client sent one; absent: its own that a server may echo. */
  readonly options?: readonly EdnsOption[];
  /** Bits of the query's header, RD or CD, that are not echoed. */
  readonly cleared?: number;
  /** Nothing is sent; observers are told of no octets. */
  readonly dropped?: true;
  /** Answers of the messages that follow this one: a zone transfer, over TCP only. */
  readonly more?: readonly (readonly ResourceRecord[])[];
  /** How it may answer the same question again; absent: every query is asked for anew. */
  readonly reuse?: Reuse;
}

type Sections = Pick<Reply, "rcode" | "flags" | "answers" | "authorities" | "additionals">;

const NONE: readonly ResourceRecord[] = [];

/** An authoritative answer; what is left out is empty and NOERROR. */
export function createReply(plugin: string, parts: Partial<Sections> = {}): Reply {
  return {
    rcode: parts.rcode ?? Rcode.NOERROR,
    flags: parts.flags ?? Flag.AA,
    answers: parts.answers ?? NONE,
    authorities: parts.authorities ?? NONE,
    additionals: parts.additionals ?? NONE,
    plugin,
  };
}

/** No answer at all, as if the query had been lost. */
export function createDrop(plugin: string): Reply {
  return { ...createReply(plugin, { flags: 0 }), dropped: true };
}

/** An answer that is nothing but a response code. */
export function createErrorReply(rcode: number, plugin = ""): Reply {
  return createReply(plugin, { rcode, flags: 0 });
}
